/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track_ends_test - how a recipient's wait ends, and how it is known that its supposed end was wrong
 *
 * docs/SEMANTICS.md 1.5; the language is that of track_support.h.
 */
#include "track_support.h"

static const struct life_case ends[] = {
    {"delivered",
     "0s deferred a@d.example dest=d.example\n"
     "90s delivered a@d.example dest=d.example group=h conn=c kind=own provider=p hop=mx2.example ip=192.0.2.1\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a@d.example at=d.example g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 90s leave delivered a@d.example at=d.example g/connect_timeout q0 x2880 default r-1 m-1 waited=90s\n"
     "1.3 90s success a@d.example at=d.example h/none connector=c kind=own provider=p hop=mx2.example ip=192.0.2.1\n"
     "= done since=0/first_seen last=90s seq=3\n"
     "  a@d.example delivered g/connect_timeout attempts=1 first=0 last=90s\n"},
    {"bounced, handed_on and discarded are no success",
     "0s deferred a\n"
     "0s deferred b\n"
     "0s deferred c\n"
     "1m bounced a\n"
     "1m handed_on b\n"
     "1m discarded c\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 enter deferred b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.3 0 enter deferred c g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.4 1m leave bounced a g/connect_timeout q0 x2880 default r-1 m+0 waited=1m\n"
     "1.5 1m leave handed_on b g/connect_timeout q0 x2880 default r-1 m+0 waited=1m\n"
     "1.6 1m leave discarded c g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "= done since=0/first_seen last=1m seq=6\n"
     "  a bounced g/connect_timeout attempts=1 first=0 last=1m\n"
     "  b handed_on g/connect_timeout attempts=1 first=0 last=1m\n"
     "  c discarded g/connect_timeout attempts=1 first=0 last=1m\n"},
    {"one that never waited leaves nothing but the success",
     "0s delivered a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 success a g/none\n"
     "= done since=0/first_seen last=0 seq=1\n"
     "  a delivered last=0\n"},
    {"what is finished is finished",
     "0s deferred a\n"
     "1m delivered a\n"
     "2m delivered a\n"
     "3m bounced a\n"
     "4m discarded a\n"
     "4m handed_on a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave delivered a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "1.3 1m success a g/none\n"
     "+ duplicate\n"
     "+ duplicate\n"
     "+ duplicate\n"
     "+ duplicate\n"
     "= done since=0/first_seen last=4m seq=3\n"
     "  a delivered g/connect_timeout attempts=1 first=0 last=1m\n"},
    {"no wait is negative",
     "0s arrived arr=10s\n"
     "0s deferred a\n"
     "5s delivered a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 5s leave delivered a g/connect_timeout q0 x2880 default r-1 m-1 waited=0\n"
     "1.3 5s success a g/none\n"},
    {"a copy of a deferral does not raise it again",
     "0s deferred a\n"
     "1m delivered a\n"
     "30s deferred a p=2m\n"
     "1m deferred a p=2m\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave delivered a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "1.3 1m success a g/none\n"
     "+ duplicate\n"
     "+ duplicate\n"
     "= done since=0/first_seen last=1m seq=3\n"
     "  a delivered g/connect_timeout attempts=1 first=0 last=1m\n"},
    {"nor one that was only written before an end that came in disorder",
     "0s deferred a\n"
     "2m deferred a\n"
     "1m delivered a p=2m\n"
     "2m deferred a p=3m\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 2m retry a g/connect_timeout q0 x2880 default\n"
     "1.3 2m/1m leave delivered a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "1.4 2m/1m success a g/none\n"
     "+ duplicate\n"
     "= done since=0/first_seen last=2m seq=4\n"
     "  a delivered g/connect_timeout attempts=2 first=0 last=2m\n"},
    {"a later deferral does, as if new, with first deferral and attempts kept",
     "0s deferred a group=c conn=c expires=1h\n"
     "1m delivered a\n"
     "2m deferred a group=h hop= text=t\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a c/connect_timeout q0 x60 record r+1 m+1 connector=c\n"
     "1.2 1m leave delivered a c/connect_timeout q0 x60 record r-1 m-1 waited=1m\n"
     "1.3 1m success a g/none\n"
     "1.4 2m enter deferred a h/connect_timeout q0 x2880 default r+1 m+1 hop= text=t\n"
     "= waiting since=0/first_seen expires=2d/default last=2m seq=4\n"
     "  a waiting h/connect_timeout attempts=2 first=0 last=2m expires=2d/default text=t\n"},
    {"of one that never waited, too",
     "0s delivered a\n"
     "1m deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 success a g/none\n"
     "1.2 1m enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/first_seen expires=2d/default last=1m seq=2\n"
     "  a waiting g/connect_timeout attempts=1 first=1m last=1m expires=2d/default\n"},
    {"expired: all that wait, by address",
     "0s deferred c\n"
     "0s deferred a\n"
     "0s delivered b\n"
     "1h expired\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred c g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.3 0 success b g/none\n"
     "1.4 1h leave expired a g/connect_timeout q0 x2880 default r-1 m+0 waited=1h\n"
     "1.5 1h leave expired c g/connect_timeout q0 x2880 default r-1 m-1 waited=1h\n"
     "= done since=0/first_seen last=1h seq=5\n"
     "  a expired g/connect_timeout attempts=1 first=0 last=1h\n"
     "  b delivered last=0\n"
     "  c expired g/connect_timeout attempts=1 first=0 last=1h\n"},
    {"copies of their deferrals do not raise them again",
     "0s deferred a\n"
     "1h expired\n"
     "59m deferred a p=61m\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1h leave expired a g/connect_timeout q0 x2880 default r-1 m-1 waited=1h\n"
     "+ duplicate\n"
     "= done since=0/first_seen last=1h seq=2\n"
     "  a expired g/connect_timeout attempts=1 first=0 last=1h\n"},
    {"nobody waited",
     "0s delivered a\n"
     "59m expired\n"
     "show\n",
     "+ opened\n"
     "1.1 0 success a g/none\n"
     "+ expired_unknown\n"
     "= done since=0/first_seen last=59m seq=1\n"
     "  a delivered last=0\n"},
    {"requeued: the entry closes",
     "0s deferred b\n"
     "0s deferred a\n"
     "1m requeued\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred b g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.3 1m leave requeued a g/connect_timeout q0 x2880 default r-1 m+0 waited=1m\n"
     "1.4 1m leave requeued b g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "= closed since=0/first_seen last=1m seq=4\n"},
    {"deleted",
     "0s deferred a\n"
     "1m deleted\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave deleted a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "= closed since=0/first_seen last=1m seq=2\n"},
    {"removed with some still waiting: how they ended was not logged",
     "0s deferred a\n"
     "0s delivered b\n"
     "1m removed\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 success b g/none\n"
     "1.3 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "= closed since=0/first_seen last=1m seq=3\n"},
    {"who never waited leaves no marker",
     "0s arrived\n"
     "1s delivered a\n"
     "1s removed\n"
     "show\n",
     "+ opened\n"
     "1.1 1s success a g/none\n"
     "gone\n"
     "= none\n"},
    {"who waited once does",
     "0s deferred a\n"
     "1s delivered a\n"
     "1s removed\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1s leave delivered a g/connect_timeout q0 x2880 default r-1 m-1 waited=1s\n"
     "1.3 1s success a g/none\n"
     "= closed since=0/first_seen last=1s seq=3\n"},
    {"the moves of others come after the leave and before the success",
     "10s deferred a\n"
     "10s deferred b\n"
     "11s delivered a arr=-10m\n",
     "+ opened\n"
     "1.1 10s enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 10s enter deferred b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.3 11s leave delivered a g/connect_timeout q0 x2880 default r-1 m+0 waited=611s\n"
     "1.4 11s leave moved b g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.5 11s enter moved b g/connect_timeout q-10 x2870 default r+1 m+1\n"
     "1.6 11s success a g/none\n"},
};

static const struct life_case mismatch[] = {
    {"a retry past the end and the grace: the lifetime is not what we think",
     "set lifetime 1h\n"
     "set grace 25m\n"
     "0s deferred a\n"
     "25m deferred a\n"
     "50m deferred a\n"
     "75m deferred a\n"
     "85m deferred a\n"
     "show\n"
     "5100001ms deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 25m retry a g/connect_timeout q0 x60 default\n"
     "1.3 50m retry a g/connect_timeout q0 x60 default\n"
     "1.4 75m retry a g/connect_timeout q0 x60 default\n"
     "1.5 85m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.6 85m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.7 85m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.8 85m enter moved a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.9 85m retry a g/connect_timeout q0 x60 default\n"
     "= waiting since=0/first_seen expires=1h/default last=85m seq=9\n"
     "  a waiting g/connect_timeout attempts=5 first=0 last=85m expires=1h/default\n"
     "1.10 85m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.11 85m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.12 5100001ms leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.13 5100001ms enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.14 5100001ms retry a g/connect_timeout q0 default mismatched likely=5d\n"
     "= waiting since=0/first_seen last=5100001ms seq=14\n"
     "  a waiting g/connect_timeout attempts=6 first=0 last=5100001ms expires=1h/default mismatched\n"},
    {"it is not undone by anything while it waits",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "2h deferred a\n"
     "3h deferred a expires=9h\n"
     "4h delivered a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 2h leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 2h enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.6 2h retry a g/connect_timeout q0 default mismatched likely=5d\n"
     "1.7 3h leave moved a g/connect_timeout q0 default mismatched r-1 m-1\n"
     "1.8 3h enter moved a g/connect_timeout q0 record mismatched r+1 m+1 likely=5d\n"
     "1.9 3h retry a g/connect_timeout q0 record mismatched likely=5d\n"
     "1.10 4h leave delivered a g/connect_timeout q0 record mismatched r-1 m-1 waited=4h\n"
     "1.11 4h success a g/none\n"},
    {"the longest gap seen counts where it is longer than the grace",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "50m deferred a\n"
     "110m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 50m retry a g/connect_timeout q0 x60 default\n"
     "1.3 110m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.4 110m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.5 110m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.6 110m enter moved a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.7 110m retry a g/connect_timeout q0 x60 default\n"},
    {"and no longer",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "50m deferred a\n"
     "6600001ms deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 50m retry a g/connect_timeout q0 x60 default\n"
     "1.3 110m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.4 110m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.5 6600001ms leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.6 6600001ms enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.7 6600001ms retry a g/connect_timeout q0 default mismatched likely=5d\n"},
    {"but not the gap that ends with this line",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "71m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 71m enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.6 71m retry a g/connect_timeout q0 default mismatched likely=5d\n"},
    {"gaps of any recipient",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred b\n"
     "50m deferred b\n"
     "51m deferred a\n"
     "110m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred b g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 50m retry b g/connect_timeout q0 x60 default\n"
     "1.3 51m enter deferred a g/connect_timeout q0 x60 default r+1 m+0\n"
     "1.4 110m/- leave moved a g/connect_timeout q0 x60 default r-1 m+0\n"
     "1.5 110m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+0\n"
     "1.6 110m/- leave moved b g/connect_timeout q0 x60 default r-1 m+0\n"
     "1.7 110m/- enter moved b g/connect_timeout q0 x60 default overdue r+1 m+0\n"
     "1.8 110m leave moved a g/connect_timeout q0 x60 default overdue r-1 m+0\n"
     "1.9 110m enter moved a g/connect_timeout q0 x60 default r+1 m+0\n"
     "1.10 110m retry a g/connect_timeout q0 x60 default\n"},
    {"no gap between a finished wait and the next",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "1m delivered a\n"
     "50m deferred a\n"
     "51m deferred a\n"
     "71m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 1m leave delivered a g/connect_timeout q0 x60 default r-1 m-1 waited=1m\n"
     "1.3 1m success a g/none\n"
     "1.4 50m enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.5 51m retry a g/connect_timeout q0 x60 default\n"
     "1.6 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.7 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.8 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.9 71m enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.10 71m retry a g/connect_timeout q0 default mismatched likely=5d\n"},
    {"a suspended line is as good as an attempt",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "71m deferred a suspended\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 71m enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d suspended\n"},
    {"not while held",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "1m held\n"
     "71m deferred a\n"
     "72m released\n"
     "73m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 1m enter moved a g/connect_timeout q0 default held r+1 m+1\n"
     "1.4 71m retry a g/connect_timeout q0 default held\n"
     "1.5 72m leave moved a g/connect_timeout q0 default held r-1 m-1\n"
     "1.6 72m enter moved a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.7 73m retry a g/connect_timeout q0 x60 default\n"},
    {"by what this line says of the end",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "71m deferred a expires=2h\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 71m enter moved a g/connect_timeout q0 x120 record r+1 m+1\n"
     "1.6 71m retry a g/connect_timeout q0 x120 record\n"},
    {"the likely lifetime: five days, or the next whole day",
     "set lifetime 1d\n"
     "set forget 9d\n"
     "0s deferred a\n"
     "2d deferred a\n"
     "5d deferred a\n"
     "431999999ms deferred a p=432000001ms\n"
     "120h deferred a text=t\n"
     "143h deferred a\n"
     "6d deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x1440 default r+1 m+1\n"
     "1.2 1512m/- leave moved a g/connect_timeout q0 x1440 default r-1 m-1\n"
     "1.3 1512m/- enter moved a g/connect_timeout q0 x1440 default overdue r+1 m+1\n"
     "1.4 2d leave moved a g/connect_timeout q0 x1440 default overdue r-1 m-1\n"
     "1.5 2d enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.6 2d retry a g/connect_timeout q0 default mismatched likely=5d\n"
     "1.7 5d retry a g/connect_timeout q0 default mismatched likely=6d\n"
     "+ stale\n"
     "1.8 5d retry a g/connect_timeout q0 default mismatched likely=6d text=t\n"
     "1.9 143h retry a g/connect_timeout q0 default mismatched likely=6d\n"
     "1.10 6d retry a g/connect_timeout q0 default mismatched likely=7d\n"},
    {"a recipient that waits again is not mismatched",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "71m deferred a\n"
     "72m bounced a\n"
     "show\n"
     "80m queued sender=s@x\n"
     "81m deferred a arr=79m src=explicit\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 71m enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.6 71m retry a g/connect_timeout q0 default mismatched likely=5d\n"
     "1.7 72m leave bounced a g/connect_timeout q0 default mismatched r-1 m-1 waited=72m\n"
     "= done since=0/first_seen last=72m seq=7\n"
     "  a bounced g/connect_timeout attempts=2 first=0 last=72m\n"
     "1.8 81m enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"},
    {"one that outlived an end of its own falls back when it waits again",
     "set lifetime 4h\n"
     "set grace 10m\n"
     "0s deferred a expires=10m\n"
     "1h deferred a\n"
     "2h delivered a\n"
     "170m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x10 record r+1 m+1\n"
     "1.2 20m/- leave moved a g/connect_timeout q0 x10 record r-1 m-1\n"
     "1.3 20m/- enter moved a g/connect_timeout q0 x10 record overdue r+1 m+1\n"
     "1.4 1h leave moved a g/connect_timeout q0 x10 record overdue r-1 m-1\n"
     "1.5 1h enter moved a g/connect_timeout q0 record mismatched r+1 m+1 likely=5d\n"
     "1.6 1h retry a g/connect_timeout q0 record mismatched likely=5d\n"
     "1.7 2h leave delivered a g/connect_timeout q0 record mismatched r-1 m-1 waited=2h\n"
     "1.8 2h success a g/none\n"
     "1.9 170m enter deferred a g/connect_timeout q0 x240 default r+1 m+1\n"},
};

static void test_ends(void **state)
{
	(void)state;
	life_cases(ends, LEN(ends));
}

static void test_mismatch(void **state)
{
	(void)state;
	life_cases(mismatch, LEN(mismatch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_mismatch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
