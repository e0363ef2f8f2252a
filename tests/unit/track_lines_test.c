/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track_lines_test - which message a line speaks of, since when and why it waits, when it expires
 *
 * docs/SEMANTICS.md 1.1 to 1.3; the language is that of track_support.h.
 */
#include "track_support.h"

static const struct life_case which_message[] = {
    {"arrived opens",
     "0s arrived\n"
     "show\n",
     "+ opened\n"
     "= active since=0/first_seen last=0 seq=0\n"},
    {"queued opens",
     "0s queued sender=s@x\n"
     "show\n",
     "+ opened\n"
     "= active since=0/first_seen last=0 sender=s@x seq=0\n"},
    {"delivered opens",
     "0s delivered a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 success a g/none\n"
     "= done since=0/first_seen last=0 seq=1\n"
     "  a delivered last=0\n"},
    {"deferred opens",
     "0s deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/first_seen expires=2d/default last=0 seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default\n"},
    {"bounced opens",
     "0s bounced a\n"
     "show\n",
     "+ opened\n"
     "= done since=0/first_seen last=0 seq=0\n"
     "  a bounced last=0\n"},
    {"handed_on opens",
     "0s handed_on a\n"
     "show\n",
     "+ opened\n"
     "= done since=0/first_seen last=0 seq=0\n"
     "  a handed_on last=0\n"},
    {"discarded opens",
     "0s discarded a\n"
     "show\n",
     "+ opened\n"
     "= done since=0/first_seen last=0 seq=0\n"
     "  a discarded last=0\n"},
    {"held opens",
     "0s held\n"
     "show\n",
     "+ opened\n"
     "= held since=0/first_seen last=0 seq=0\n"},
    {"what does not open is counted and leaves nothing",
     "0s expired\n"
     "0s released\n"
     "0s requeued\n"
     "0s deleted\n"
     "0s message_id\n"
     "0s removed\n"
     "0s notified\n"
     "0s expiry_ordered\n"
     "show\n",
     "+ unknown_message\n"
     "+ unknown_message\n"
     "+ unknown_message\n"
     "+ unknown_message\n"
     "+ unknown_message\n"
     "+ unknown_message\n"
     "+ unknown_message\n"
     "+ unknown_message\n"
     "= none\n"},
    {"a line as old as closed_keep opens", "0s deferred a p=1h\n",
     "+ opened\n"
     "1.1 1h/0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"},
    {"an older one does not, whatever it tells",
     "0s deferred a p=3600001ms\n"
     "0s removed p=3600001ms\n"
     "show\n",
     "+ too_late\n"
     "+ too_late\n"
     "= none\n"},
    {"a closed entry takes no line of the second in which it closed",
     "0s deferred a\n"
     "60s removed\n"
     "61s deferred a\n"
     "60s delivered a\n"
     "10s deferred a p=62s\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "+ late\n"
     "+ late\n"
     "+ late\n"
     "= closed since=0/first_seen last=1m seq=2\n"},
    {"a later one that opens reuses the id: ordinal rises, seq goes on",
     "0s deferred a\n"
     "60s removed\n"
     "61001ms deferred b\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "+ opened\n"
     "2.3 61001ms enter deferred b g/connect_timeout q1 x2881 default r+1 m+1\n"
     "= waiting since=61001ms/first_seen expires=172861001ms/default last=61001ms seq=3\n"
     "  b waiting g/connect_timeout attempts=1 first=61001ms last=61001ms expires=172861001ms/default\n"},
    {"what counts is when the old one's end was written, not when it came",
     "0s deferred a\n"
     "60s removed p=2m\n"
     "90s deferred b p=3m\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 2m/1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "+ opened\n"
     "2.3 3m/90s enter deferred b g/connect_timeout q1 x2881 default r+1 m+1\n"},
    {"a later one that does not open is late",
     "0s deferred a\n"
     "60s removed\n"
     "2m message_id\n"
     "2m released\n"
     "2m removed\n"
     "2m expired\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "+ late\n"
     "+ late\n"
     "+ late\n"
     "+ late\n"},
    {"an arrival before the closing belongs to the old message, as far as the error goes",
     "0s deferred a\n"
     "60s removed\n"
     "2m deferred b arr=58999ms err=1s\n"
     "2m deferred b arr=59s err=1s\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "+ late\n"
     "+ opened\n"
     "2.3 2m enter deferred b g/connect_timeout q0 x2880 default r+1 m+1\n"},
    {"an arrival without an error is taken as it stands",
     "0s deferred a\n"
     "60s removed\n"
     "2m deferred b arr=59999ms\n"
     "2m deferred b arr=60s\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "+ late\n"
     "+ opened\n"
     "2.3 2m enter deferred b g/connect_timeout q1 x2881 default r+1 m+1\n"},
    {"nothing of the old message stays",
     "set lifetime 2d\n"
     "0s arrived arr=-1h\n"
     "0s queued null sender=s@x\n"
     "1s held\n"
     "1s deferred a expires=1h\n"
     "2h deferred a\n"
     "2h removed\n"
     "150m deferred b\n"
     "show\n",
     "+ opened\n"
     "1.1 1s enter deferred a g/connect_timeout q-60 record held null r+1 m+1\n"
     "1.2 2h retry a g/connect_timeout q-60 record held null\n"
     "1.3 2h leave closed_unknown a g/connect_timeout q-60 record held null r-1 m-1 waited=3h\n"
     "+ opened\n"
     "2.4 150m enter deferred b g/connect_timeout q150 x3030 default r+1 m+1\n"
     "= waiting since=150m/first_seen expires=3030m/default last=150m seq=4\n"
     "  b waiting g/connect_timeout attempts=1 first=150m last=150m expires=3030m/default\n"},
    {"late lines do not lengthen the life of a closed marker",
     "0s deferred a\n"
     "60s removed\n"
     "50m removed p=60m\n"
     "61m until\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "+ late\n"
     "gone\n"
     "= none\n"},
    {"an open message's id arrives again: the old message has ended unseen",
     "0s arrived arr=0s\n"
     "1s deferred b\n"
     "1s deferred a\n"
     "5s arrived arr=5s p=6s\n"
     "show\n",
     "+ opened\n"
     "1.1 1s enter deferred b g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1s enter deferred a g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.3 6s/- leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m+0\n"
     "1.4 6s/- leave closed_unknown b g/connect_timeout q0 x2880 default r-1 m-1\n"
     "+ opened\n"
     "= active since=5s/explicit±0 last=5s seq=4\n"},
    {"within a second of the last line it is the same message",
     "0s arrived arr=0s\n"
     "1s deferred a\n"
     "2s arrived arr=2s\n"
     "show\n",
     "+ opened\n"
     "1.1 1s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/explicit±0 expires=2d/default last=2s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=1s last=1s expires=2d/default\n"},
    {"one millisecond later it is not",
     "0s arrived arr=0s\n"
     "1s deferred a\n"
     "2001ms arrived arr=2s\n"
     "show\n",
     "+ opened\n"
     "1.1 1s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 2001ms/- leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "+ opened\n"
     "= active since=2s/explicit±0 last=2001ms seq=2\n"},
    {"a delay that begins after the last line tells of a new message, too",
     "0s deferred a\n"
     "1h deferred b arr=12001ms err=11s\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1h/- leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "+ opened\n"
     "2.3 1h enter deferred b g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=12001ms/delay±11s expires=172812001ms/default last=1h seq=3\n"
     "  b waiting g/connect_timeout attempts=1 first=1h last=1h expires=172812001ms/default\n"},
    {"one that may begin before it does not",
     "0s deferred a\n"
     "1h deferred b arr=12s err=11s\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1h enter deferred b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "= waiting since=12s/delay±11s expires=172812s/default last=1h seq=2\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=172812s/default\n"
     "  b waiting g/connect_timeout attempts=1 first=1h last=1h expires=172812s/default\n"},
    {"an explicit arrival on another line than arrived tells nothing of that kind",
     "0s deferred a\n"
     "1h deferred b arr=30m src=explicit\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1h enter deferred b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "= waiting since=0/first_seen expires=2d/default last=1h seq=2\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default\n"
     "  b waiting g/connect_timeout attempts=1 first=1h last=1h expires=2d/default\n"},
    {"the last line is the latest by its own time, not the one applied last",
     "0s arrived arr=0s\n"
     "100s deferred a\n"
     "50s queued sender=s@x p=101s\n"
     "90s arrived arr=90s p=102s\n"
     "101s arrived arr=101s p=103s\n"
     "show\n",
     "+ opened\n"
     "1.1 100s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/explicit±0 expires=2d/default last=101s sender=s@x seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=100s last=100s expires=2d/default\n"},
    {"the old message's end is told at pipeline time, though the line is older",
     "0s deferred a\n"
     "5s arrived arr=5s p=1m\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m/- leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "+ opened\n"},
};

static const struct life_case since_when[] = {
    {"first seen, with no error",
     "5s deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 5s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=5s/first_seen expires=172805s/default last=5s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=5s last=5s expires=172805s/default\n"},
    {"the time in the queue id",
     "5s deferred a id=1s\n"
     "show\n",
     "+ opened\n"
     "1.1 5s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=1s/queue_id±0 expires=172801s/default last=5s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=5s last=5s expires=172801s/default\n"},
    {"only the first one",
     "5s deferred a id=1s\n"
     "6s deferred b id=2s\n"
     "show\n",
     "+ opened\n"
     "1.1 5s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 6s enter deferred b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "= waiting since=1s/queue_id±0 expires=172801s/default last=6s seq=2\n"
     "  a waiting g/connect_timeout attempts=1 first=5s last=5s expires=172801s/default\n"
     "  b waiting g/connect_timeout attempts=1 first=6s last=6s expires=172801s/default\n"},
    {"an arrival is better than the queue id, also when it comes later",
     "5s deferred a id=1s\n"
     "6s arrived arr=2s err=500ms id=1s p=6s\n"
     "show\n",
     "+ opened\n"
     "1.1 5s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=2s/explicit±500ms expires=172802s/default last=6s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=5s last=5s expires=172802s/default\n"},
    {"the first arrival stays",
     "1s arrived arr=1s\n"
     "2s arrived arr=2s\n"
     "show\n",
     "+ opened\n"
     "= active since=1s/explicit±0 last=2s seq=0\n"},
    {"a line arrived without an arrival leaves the queue id",
     "1s arrived id=1s\n"
     "show\n",
     "+ opened\n"
     "= active since=1s/queue_id±0 last=1s seq=0\n"},
    {"minutes are rounded down on the far side of 1970, too", "0s deferred a arr=-2592000000001ms err=1s\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q-43200001 default mismatched r+1 m+1 likely=30001d\n"},
    {"a delay",
     "10s deferred a arr=-5m err=2s\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q-5 x2875 default r+1 m+1\n"
     "= waiting since=-5m/delay±2s expires=2875m/default last=10s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=10s last=10s expires=2875m/default\n"},
    {"the delay with the least error",
     "10s deferred a arr=-5m err=2s\n"
     "20s deferred a arr=-6m err=1s\n"
     "30s deferred a arr=-7m err=2s\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q-5 x2875 default r+1 m+1\n"
     "1.2 20s leave moved a g/connect_timeout q-5 x2875 default r-1 m-1\n"
     "1.3 20s enter moved a g/connect_timeout q-6 x2874 default r+1 m+1\n"
     "1.4 20s retry a g/connect_timeout q-6 x2874 default\n"
     "1.5 30s retry a g/connect_timeout q-6 x2874 default\n"
     "= waiting since=-6m/delay±1s expires=2874m/default last=30s seq=5\n"
     "  a waiting g/connect_timeout attempts=3 first=10s last=30s expires=2874m/default\n"},
    {"of two that are as good the first",
     "10s deferred a arr=-5m err=2s\n"
     "20s deferred a arr=-6m err=2s\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q-5 x2875 default r+1 m+1\n"
     "1.2 20s retry a g/connect_timeout q-5 x2875 default\n"
     "= waiting since=-5m/delay±2s expires=2875m/default last=20s seq=2\n"
     "  a waiting g/connect_timeout attempts=2 first=10s last=20s expires=2875m/default\n"},
    {"an error that is absent is none",
     "10s deferred a arr=-5m err=0s\n"
     "20s deferred a arr=-6m\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q-5 x2875 default r+1 m+1\n"
     "1.2 20s retry a g/connect_timeout q-5 x2875 default\n"
     "= waiting since=-5m/delay±0 expires=2875m/default last=20s seq=2\n"
     "  a waiting g/connect_timeout attempts=2 first=10s last=20s expires=2875m/default\n"},
    {"the queue id's own time holds against a delay that fits it",
     "10s deferred a id=0s arr=-3s err=1s\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/queue_id±0 expires=2d/default last=10s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=10s last=10s expires=2d/default\n"},
    {"a delay from long before means a requeue: age by it, expiry by the id",
     "10s deferred a id=0s arr=-3001ms err=1s\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q-1 x2880 default r+1 m+1\n"
     "= waiting since=-3001ms/delay±1s expires=2d/default last=10s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=10s last=10s expires=2d/default\n"},
    {"the same with an arrival",
     "0s arrived arr=0s\n"
     "10s deferred a arr=-2h err=1s\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q-120 x2880 default r+1 m+1\n"
     "= waiting since=-2h/delay±1s expires=2d/default last=10s seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=10s last=10s expires=2d/default\n"},
    {"a duplicate still tells of the beginning, and of nothing else",
     "10s deferred a text=t\n"
     "10s deferred a text=t arr=-10m err=1s\n"
     "show\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 text=t\n"
     "+ duplicate\n"
     "1.2 10s leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 10s enter moved a g/connect_timeout q-10 x2870 default r+1 m+1 text=t\n"
     "= waiting since=-10m/delay±1s expires=2870m/default last=10s seq=3\n"
     "  a waiting g/connect_timeout attempts=1 first=10s last=10s expires=2870m/default text=t\n"},
    {"what a stale line tells of the beginning moves the others, too",
     "10s deferred a\n"
     "10s deferred b\n"
     "5s deferred a arr=-10m err=1s p=20s\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 10s enter deferred b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "+ stale\n"
     "1.3 20s/5s leave moved a g/connect_timeout q0 x2880 default r-1 m+0\n"
     "1.4 20s/5s enter moved a g/connect_timeout q-10 x2870 default r+1 m+0\n"
     "1.5 20s/5s leave moved b g/connect_timeout q0 x2880 default r-1 m+0\n"
     "1.6 20s/5s enter moved b g/connect_timeout q-10 x2870 default r+1 m+0\n"},
};

static const struct life_case why_it_waits[] = {
    {"a suspended line that gives no reason keeps the one that was known",
     "0s deferred a class=connect_refused detail=d code=4.4.316 owner=recipient_org side=them\n"
     "1m deferred a class=other suspended hop= group=h text=t\n"
     "2m deferred a class=none suspended text=u\n"
     "3m deferred a class=connect_refused\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_refused q0 x2880 default r+1 m+1 detail=d code=4.4.316 owner=recipient_org "
     "side=them\n"
     "1.2 3m retry a g/connect_refused q0 x2880 default\n"
     "= waiting since=0/first_seen expires=2d/default last=3m seq=2\n"
     "  a waiting g/connect_refused attempts=2 first=0 last=3m expires=2d/default\n"},
    {"one that gives a reason does not",
     "0s deferred a class=connect_refused\n"
     "1m deferred a class=dns_failure suspended\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_refused q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_refused q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a g/dns_failure q0 x2880 default r+1 m+1 suspended\n"},
    {"the first line may give none", "0s deferred a class=other suspended\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/other q0 x2880 default r+1 m+1 suspended\n"},
};

static const struct life_case when_it_expires[] = {
    {"by default",
     "set lifetime 1h\n"
     "0s deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"},
    {"the first rule that fits",
     "rule H.EXAMPLE - - 1h\n"
     "rule - - - 2h\n"
     "0s deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 configured r+1 m+1\n"},
    {"a rule for another host does not",
     "rule other.example - - 1h\n"
     "0s deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"},
    {"a rule for an MTA",
     "rule - postfix - 3h\n"
     "0s deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x180 configured r+1 m+1\n"},
    {"rules for the null sender and for all others",
     "rule - - null 1h\n"
     "rule - - sender 3h\n"
     "0s queued null\n"
     "show\n"
     "0s deferred a\n"
     "1m queued sender=s@x\n"
     "show\n",
     "+ opened\n"
     "= active since=0/first_seen null last=0 seq=0\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 configured null r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x60 configured null r-1 m-1\n"
     "1.3 1m enter moved a g/connect_timeout q0 x180 configured r+1 m+1\n"
     "= waiting since=0/first_seen expires=3h/configured last=1m sender=s@x seq=3\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=3h/configured\n"},
    {"all conditions must fit",
     "rule h.example postfix null 1h\n"
     "0s deferred a\n"
     "0s queued null\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 0 enter moved a g/connect_timeout q0 x60 configured null r+1 m+1\n"},
    {"the connector's own lifetime goes before",
     "rule - - - 2h\n"
     "connector c 1h\n"
     "0s deferred a conn=c group=c\n",
     "+ opened\n"
     "1.1 0 enter deferred a c/connect_timeout q0 x60 configured r+1 m+1 connector=c\n"},
    {"a connector without one does not",
     "rule - - - 2h\n"
     "connector c -\n"
     "0s deferred a conn=c group=c\n",
     "+ opened\n"
     "1.1 0 enter deferred a c/connect_timeout q0 x120 configured r+1 m+1 connector=c\n"},
    {"nor does one that is not configured",
     "connector c 1h\n"
     "0s deferred a conn=d group=d\n",
     "+ opened\n"
     "1.1 0 enter deferred a d/connect_timeout q0 x2880 default r+1 m+1 connector=d\n"},
    {"what the MTA says goes before all, per recipient",
     "connector c 1h\n"
     "0s deferred a conn=c group=c expires=30m\n"
     "0s deferred b conn=c group=c\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a c/connect_timeout q0 x30 record r+1 m+1 connector=c\n"
     "1.2 0 enter deferred b c/connect_timeout q0 x60 configured r+1 m+0 connector=c\n"
     "= waiting since=0/first_seen expires=30m/record last=0 seq=2\n"
     "  a waiting c/connect_timeout attempts=1 first=0 last=0 expires=30m/record\n"
     "  b waiting c/connect_timeout attempts=1 first=0 last=0 expires=1h/configured\n"},
    {"for good, unless it says it anew",
     "0s deferred a expires=30m\n"
     "1m deferred a\n"
     "2m deferred a expires=40m\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x30 record r+1 m+1\n"
     "1.2 1m retry a g/connect_timeout q0 x30 record\n"
     "1.3 2m leave moved a g/connect_timeout q0 x30 record r-1 m-1\n"
     "1.4 2m enter moved a g/connect_timeout q0 x40 record r+1 m+1\n"
     "1.5 2m retry a g/connect_timeout q0 x40 record\n"
     "= waiting since=0/first_seen expires=40m/record last=2m seq=5\n"
     "  a waiting g/connect_timeout attempts=3 first=0 last=2m expires=40m/record\n"},
    {"not by a line that is stopped",
     "5m deferred a expires=30m\n"
     "4m deferred a expires=50m p=6m\n"
     "show\n",
     "+ opened\n"
     "1.1 5m enter deferred a g/connect_timeout q5 x30 record r+1 m+1\n"
     "+ stale\n"
     "= waiting since=5m/first_seen expires=30m/record last=5m seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=5m last=5m expires=30m/record\n"},
    {"a beginning that becomes known moves the age alone where the MTA has told the end",
     "5m deferred a expires=1h\n"
     "6m deferred a arr=0s\n",
     "+ opened\n"
     "1.1 5m enter deferred a g/connect_timeout q5 x60 record r+1 m+1\n"
     "1.2 6m leave moved a g/connect_timeout q5 x60 record r-1 m-1\n"
     "1.3 6m enter moved a g/connect_timeout q0 x60 record r+1 m+1\n"
     "1.4 6m retry a g/connect_timeout q0 x60 record\n"},
    {"expiry counts from the requeue, age from before it",
     "set lifetime 1h\n"
     "0s arrived arr=0s\n"
     "10m deferred a arr=-10m\n",
     "+ opened\n"
     "1.1 10m enter deferred a g/connect_timeout q-10 x60 default r+1 m+1\n"},
    {"a beginning that becomes known moves the expiry",
     "set lifetime 1h\n"
     "10m deferred a\n"
     "11m deferred a arr=0s\n",
     "+ opened\n"
     "1.1 10m enter deferred a g/connect_timeout q10 x70 default r+1 m+1\n"
     "1.2 11m leave moved a g/connect_timeout q10 x70 default r-1 m-1\n"
     "1.3 11m enter moved a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.4 11m retry a g/connect_timeout q0 x60 default\n"},
};

static void test_which_message(void **state)
{
	(void)state;
	life_cases(which_message, LEN(which_message));
}

static void test_since_when(void **state)
{
	(void)state;
	life_cases(since_when, LEN(since_when));
}

static void test_why_it_waits(void **state)
{
	(void)state;
	life_cases(why_it_waits, LEN(why_it_waits));
}

static void test_when_it_expires(void **state)
{
	(void)state;
	life_cases(when_it_expires, LEN(when_it_expires));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_message),
	    cmocka_unit_test(test_since_when),
	    cmocka_unit_test(test_why_it_waits),
	    cmocka_unit_test(test_when_it_expires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
