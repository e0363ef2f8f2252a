/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track_timers_test - what time does to a message, and its record
 *
 * docs/SEMANTICS.md 1.6 and 1.8; the language is that of track_support.h.
 */
#include "track_support.h"

static const struct life_case steps_and_overdue[] = {
    {"steps of the default settings, and overdue",
     "set steps default\n"
     "0s deferred a\n"
     "3d until\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 4h/- step step=4h a g/connect_timeout q0 x2880 default\n"
     "1.3 1d/- step step=50% a g/connect_timeout q0 x2880 default\n"
     "1.4 36h/- step step=75% a g/connect_timeout q0 x2880 default\n"
     "1.5 2592m/- step step=90% a g/connect_timeout q0 x2880 default\n"
     "1.6 2d/- step step=100% a g/connect_timeout q0 x2880 default\n"
     "1.7 2952m/- leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.8 2952m/- enter moved a g/connect_timeout q0 x2880 default overdue r+1 m+1\n"
     "= overdue since=0/first_seen expires=2d/default last=0 seq=8\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default overdue\n"},
    {"a step is told once each, in the order of the settings",
     "set lifetime 1h\n"
     "set steps 90%,50%,10m\n"
     "0s deferred a\n"
     "2h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 10m/- step step=10m a g/connect_timeout q0 x60 default\n"
     "1.3 30m/- step step=50% a g/connect_timeout q0 x60 default\n"
     "1.4 54m/- step step=90% a g/connect_timeout q0 x60 default\n"},
    {"late by pipeline time: no moment before the last line's",
     "set lifetime 1h\n"
     "set steps 10m,50%\n"
     "0s deferred a p=40m\n"
     "2h until\n",
     "+ opened\n"
     "1.1 40m/0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 40m/- step step=10m a g/connect_timeout q0 x60 default\n"
     "1.3 40m/- step step=50% a g/connect_timeout q0 x60 default\n"},
    {"ages count from the first arrival, shares from the requeue",
     "set lifetime 1h\n"
     "set steps 50%,30m\n"
     "0s arrived arr=0s\n"
     "1m deferred a arr=-20m\n"
     "40m until\n",
     "+ opened\n"
     "1.1 1m enter deferred a g/connect_timeout q-20 x60 default r+1 m+1\n"
     "1.2 10m/- step step=30m a g/connect_timeout q-20 x60 default\n"
     "1.3 30m/- step step=50% a g/connect_timeout q-20 x60 default\n"},
    {"shares are rounded down",
     "set lifetime 1001ms\n"
     "set steps 50%\n"
     "0s deferred a\n"
     "1h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x0 default r+1 m+1\n"
     "1.2 500ms/- step step=50% a g/connect_timeout q0 x0 default\n"},
    {"also below zero",
     "set steps 50%\n"
     "0s arrived arr=0s p=-1h\n"
     "0s deferred a expires=-1ms p=-1h\n"
     "0s until\n",
     "+ opened\n"
     "1.1 -1h/0 enter deferred a g/connect_timeout q0 x-1 record r+1 m+1\n"
     "1.2 -1ms/- step step=50% a g/connect_timeout q0 x-1 record\n"},
    {"a step tells of the route",
     "set steps 10m\n"
     "0s deferred a group=c conn=c kind=partner provider=p text=t hop=mx2.example\n"
     "10m until\n",
     "+ opened\n"
     "1.1 0 enter deferred a c/connect_timeout q0 x2880 default r+1 m+1 connector=c kind=partner provider=p "
     "hop=mx2.example text=t\n"
     "1.2 10m/- step step=10m a c/connect_timeout q0 x2880 default connector=c kind=partner provider=p\n"},
    {"a retry does not cross a step again",
     "set lifetime 1h\n"
     "set steps 50%\n"
     "0s deferred a\n"
     "31m until\n"
     "32m deferred a\n"
     "50m until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 30m/- step step=50% a g/connect_timeout q0 x60 default\n"
     "1.3 32m retry a g/connect_timeout q0 x60 default\n"},
    {"a later end does not either",
     "set lifetime 1h\n"
     "set steps 50%,75%\n"
     "0s deferred a\n"
     "40m deferred a expires=2h\n"
     "100m until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 30m/- step step=50% a g/connect_timeout q0 x60 default\n"
     "1.3 40m leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.4 40m enter moved a g/connect_timeout q0 x120 record r+1 m+1\n"
     "1.5 40m retry a g/connect_timeout q0 x120 record\n"
     "1.6 90m/- step step=75% a g/connect_timeout q0 x120 record\n"},
    {"one that waits again starts anew",
     "set lifetime 1h\n"
     "set steps 50%\n"
     "0s deferred a\n"
     "31m delivered a\n"
     "32m deferred a\n"
     "40m until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 30m/- step step=50% a g/connect_timeout q0 x60 default\n"
     "1.3 31m leave delivered a g/connect_timeout q0 x60 default r-1 m-1 waited=31m\n"
     "1.4 31m success a g/none\n"
     "1.5 32m enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.6 32m/- step step=50% a g/connect_timeout q0 x60 default\n"},
    {"not while held",
     "set lifetime 1h\n"
     "set steps 50%\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "20m held\n"
     "2h until\n"
     "3h released\n"
     "3h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 20m leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 20m enter moved a g/connect_timeout q0 default held r+1 m+1\n"
     "1.4 3h leave moved a g/connect_timeout q0 default held r-1 m-1\n"
     "1.5 3h enter moved a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.6 3h/- step step=50% a g/connect_timeout q0 x60 default\n"
     "1.7 3h/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.8 3h/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"},
    {"not once mismatched",
     "set lifetime 1h\n"
     "set steps 10m,3h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "71m deferred a\n"
     "4h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 10m/- step step=10m a g/connect_timeout q0 x60 default\n"
     "1.3 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.4 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.5 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.6 71m enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.7 71m retry a g/connect_timeout q0 default mismatched likely=5d\n"},
    {"each recipient has its own, by address",
     "set lifetime 1h\n"
     "set steps 50%\n"
     "0s deferred b\n"
     "0s deferred a\n"
     "0s deferred c expires=30m\n"
     "1h until\n",
     "+ opened\n"
     "1.1 0 enter deferred b g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+0\n"
     "1.3 0 enter deferred c g/connect_timeout q0 x30 record r+1 m+0\n"
     "1.4 15m/- step step=50% c g/connect_timeout q0 x30 record\n"
     "1.5 30m/- step step=50% a g/connect_timeout q0 x60 default\n"
     "1.6 30m/- step step=50% b g/connect_timeout q0 x60 default\n"},
    {"overdue: past the end and the grace",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "69m until\n"
     "70m until\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "= overdue since=0/first_seen expires=1h/default last=0 seq=3\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=1h/default overdue\n"},
    {"or past the longest gap",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "40m deferred a\n"
     "99m until\n"
     "100m until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 40m retry a g/connect_timeout q0 x60 default\n"
     "1.3 100m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.4 100m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"},
    {"a deferral clears it (and shows that the end was not known)",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "70m until\n"
     "71m deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 71m enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.6 71m retry a g/connect_timeout q0 default mismatched likely=5d\n"
     "= waiting since=0/first_seen last=71m seq=6\n"
     "  a waiting g/connect_timeout attempts=2 first=0 last=71m expires=1h/default mismatched\n"},
    {"an outcome ends it",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "0s deferred b\n"
     "70m until\n"
     "71m expired\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 0 enter deferred b g/connect_timeout q0 x60 default r+1 m+0\n"
     "1.3 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m+0\n"
     "1.4 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+0\n"
     "1.5 70m/- leave moved b g/connect_timeout q0 x60 default r-1 m+0\n"
     "1.6 70m/- enter moved b g/connect_timeout q0 x60 default overdue r+1 m+0\n"
     "1.7 71m leave expired a g/connect_timeout q0 x60 default overdue r-1 m+0 waited=71m\n"
     "1.8 71m leave expired b g/connect_timeout q0 x60 default overdue r-1 m-1 waited=71m\n"
     "= done since=0/first_seen last=71m seq=8\n"
     "  a expired g/connect_timeout attempts=1 first=0 last=71m\n"
     "  b expired g/connect_timeout attempts=1 first=0 last=71m\n"},
    {"a hold takes it along",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "70m until\n"
     "71m held\n"
     "show\n"
     "72m released\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 71m enter moved a g/connect_timeout q0 default held overdue r+1 m+1\n"
     "= held since=0/first_seen last=71m seq=5\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=1h/default overdue\n"
     "1.6 72m leave moved a g/connect_timeout q0 default held overdue r-1 m-1\n"
     "1.7 72m enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"},
    {"a shorter lifetime after a restart: all that has become due is done at once",
     "set lifetime 4h\n"
     "set steps 75%\n"
     "0s deferred a\n"
     "set lifetime 1h\n"
     "set grace 10m\n"
     "4h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x240 default r+1 m+1\n"
     "1.2 3h/- step step=75% a g/connect_timeout q0 x240 default\n"
     "1.3 3h/- leave moved a g/connect_timeout q0 x240 default r-1 m-1\n"
     "1.4 3h/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"},
    {"a longer one: the moment passes and nothing is told but the new end",
     "set lifetime 1h\n"
     "set steps 50%\n"
     "0s deferred a\n"
     "set lifetime 4h\n"
     "1h until\n"
     "2h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 30m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 30m/- enter moved a g/connect_timeout q0 x240 default r+1 m+1\n"
     "1.4 2h/- step step=50% a g/connect_timeout q0 x240 default\n"},
};

static const struct life_case forgetting[] = {
    {"nothing heard for forget_after",
     "set forget 2h\n"
     "set lifetime 30d\n"
     "0s deferred b\n"
     "0s deferred a\n"
     "1h delivered c\n"
     "1h delivered c\n"
     "3h until\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred b g/connect_timeout q0 x43200 default r+1 m+1\n"
     "1.2 0 enter deferred a g/connect_timeout q0 x43200 default r+1 m+0\n"
     "1.3 1h success c g/none\n"
     "+ duplicate\n"
     "1.4 3h/- leave forgotten a g/connect_timeout q0 x43200 default r-1 m+0\n"
     "1.5 3h/- leave forgotten b g/connect_timeout q0 x43200 default r-1 m-1\n"
     "+ forgotten\n"
     "gone\n"
     "= none\n"},
    {"also while held",
     "set forget 2h\n"
     "0s deferred a\n"
     "0s held\n"
     "2h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 0 enter moved a g/connect_timeout q0 default held r+1 m+1\n"
     "1.4 2h/- leave forgotten a g/connect_timeout q0 default held r-1 m-1\n"
     "+ forgotten\n"
     "gone\n"},
    {"before all that is due then",
     "set forget 2h\n"
     "set lifetime 1h\n"
     "set grace 1h\n"
     "set steps 2h\n"
     "0s deferred a\n"
     "2h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 2h/- leave forgotten a g/connect_timeout q0 x60 default r-1 m-1\n"
     "+ forgotten\n"
     "gone\n"},
    {"each line puts it off",
     "set forget 2h\n"
     "0s deferred a\n"
     "1h message_id\n"
     "170m until\n"
     "3h until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 3h/- leave forgotten a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "+ forgotten\n"
     "gone\n"},
    {"nobody waits: an hour, in silence",
     "0s arrived\n"
     "1s delivered a\n"
     "59m until\n"
     "show\n"
     "3601s until\n"
     "show\n",
     "+ opened\n"
     "1.1 1s success a g/none\n"
     "= done since=0/first_seen last=1s seq=1\n"
     "  a delivered last=1s\n"
     "gone\n"
     "= none\n"},
    {"the hour counts from the last line, of whatever kind",
     "0s arrived\n"
     "30m message_id\n"
     "1h until\n"
     "show\n"
     "90m until\n"
     "show\n",
     "+ opened\n"
     "= active since=0/first_seen last=30m seq=0\n"
     "gone\n"
     "= none\n"},
    {"a closed marker: an hour",
     "0s deferred a\n"
     "1m removed\n"
     "60m until\n"
     "show\n"
     "61m until\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "= closed since=0/first_seen last=1m seq=2\n"
     "gone\n"
     "= none\n"},
    {"the hour counts in pipeline time",
     "0s deferred a\n"
     "1m removed p=10m\n"
     "69m until\n"
     "show\n"
     "70m until\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 10m/1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "= closed since=0/first_seen last=1m seq=2\n"
     "gone\n"
     "= none\n"},
    {"thereafter the id is free, and seq begins anew",
     "0s deferred a\n"
     "1m removed\n"
     "61m until\n"
     "62m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "gone\n"
     "+ opened\n"
     "1.1 62m enter deferred a g/connect_timeout q62 x2942 default r+1 m+1\n"},
    {"timers fire before a line of the same moment",
     "0s deferred a\n"
     "1m removed\n"
     "61m deferred a\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "gone\n"
     "+ opened\n"
     "1.1 61m enter deferred a g/connect_timeout q61 x2941 default r+1 m+1\n"},
};

static const struct life_case records[] = {
    {"active",
     "0s arrived arr=0s err=1s\n"
     "show\n",
     "+ opened\n"
     "= active since=0/explicit±1s last=0 seq=0\n"},
    {"waiting: the first end among those that are not mismatched",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred b expires=30m\n"
     "0s deferred a\n"
     "show\n"
     "41m deferred b\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred b g/connect_timeout q0 x30 record r+1 m+1\n"
     "1.2 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+0\n"
     "= waiting since=0/first_seen expires=30m/record last=0 seq=2\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=1h/default\n"
     "  b waiting g/connect_timeout attempts=1 first=0 last=0 expires=30m/record\n"
     "1.3 40m/- leave moved b g/connect_timeout q0 x30 record r-1 m+0\n"
     "1.4 40m/- enter moved b g/connect_timeout q0 x30 record overdue r+1 m+0\n"
     "1.5 41m leave moved b g/connect_timeout q0 x30 record overdue r-1 m+0\n"
     "1.6 41m enter moved b g/connect_timeout q0 record mismatched r+1 m+0 likely=5d\n"
     "1.7 41m retry b g/connect_timeout q0 record mismatched likely=5d\n"
     "= waiting since=0/first_seen expires=1h/default last=41m seq=7\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=1h/default\n"
     "  b waiting g/connect_timeout attempts=2 first=0 last=41m expires=30m/record mismatched\n"},
    {"on a tie the first address",
     "0s deferred b expires=30m\n"
     "0s deferred a\n"
     "0s deferred c expires=30m\n"
     "set lifetime 30m\n"
     "1m deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred b g/connect_timeout q0 x30 record r+1 m+1\n"
     "1.2 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.3 0 enter deferred c g/connect_timeout q0 x30 record r+1 m+0\n"
     "1.4 1m leave moved a g/connect_timeout q0 x2880 default r-1 m+0\n"
     "1.5 1m enter moved a g/connect_timeout q0 x30 default r+1 m+0\n"
     "1.6 1m retry a g/connect_timeout q0 x30 default\n"
     "= waiting since=0/first_seen expires=30m/default last=1m seq=6\n"
     "  a waiting g/connect_timeout attempts=2 first=0 last=1m expires=30m/default\n"
     "  b waiting g/connect_timeout attempts=1 first=0 last=0 expires=30m/record\n"
     "  c waiting g/connect_timeout attempts=1 first=0 last=0 expires=30m/record\n"},
    {"all mismatched: none",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a\n"
     "71m deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x60 default r+1 m+1\n"
     "1.2 70m/- leave moved a g/connect_timeout q0 x60 default r-1 m-1\n"
     "1.3 70m/- enter moved a g/connect_timeout q0 x60 default overdue r+1 m+1\n"
     "1.4 71m leave moved a g/connect_timeout q0 x60 default overdue r-1 m-1\n"
     "1.5 71m enter moved a g/connect_timeout q0 default mismatched r+1 m+1 likely=5d\n"
     "1.6 71m retry a g/connect_timeout q0 default mismatched likely=5d\n"
     "= waiting since=0/first_seen last=71m seq=6\n"
     "  a waiting g/connect_timeout attempts=2 first=0 last=71m expires=1h/default mismatched\n"},
    {"done",
     "0s delivered a\n"
     "0s bounced b\n"
     "show\n",
     "+ opened\n"
     "1.1 0 success a g/none\n"
     "= done since=0/first_seen last=0 seq=1\n"
     "  a delivered last=0\n"
     "  b bounced last=0\n"},
    {"held goes before overdue, overdue before waiting",
     "set lifetime 1h\n"
     "set grace 10m\n"
     "0s deferred a expires=1m\n"
     "0s deferred b\n"
     "11m until\n"
     "show\n"
     "12m held\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x1 record r+1 m+1\n"
     "1.2 0 enter deferred b g/connect_timeout q0 x60 default r+1 m+0\n"
     "1.3 11m/- leave moved a g/connect_timeout q0 x1 record r-1 m+0\n"
     "1.4 11m/- enter moved a g/connect_timeout q0 x1 record overdue r+1 m+0\n"
     "= overdue since=0/first_seen expires=1m/record last=0 seq=4\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=1m/record overdue\n"
     "  b waiting g/connect_timeout attempts=1 first=0 last=0 expires=1h/default\n"
     "1.5 12m leave moved a g/connect_timeout q0 x1 record overdue r-1 m+0\n"
     "1.6 12m enter moved a g/connect_timeout q0 record held overdue r+1 m+0\n"
     "1.7 12m leave moved b g/connect_timeout q0 x60 default r-1 m+0\n"
     "1.8 12m enter moved b g/connect_timeout q0 default held r+1 m+0\n"
     "= held since=0/first_seen last=12m seq=8\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=1m/record overdue\n"
     "  b waiting g/connect_timeout attempts=1 first=0 last=0 expires=1h/default\n"},
    {"closed",
     "0s arrived arr=0s err=1s\n"
     "0s queued sender=s@x\n"
     "0s deferred a\n"
     "1m removed\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave closed_unknown a g/connect_timeout q0 x2880 default r-1 m-1 waited=1m\n"
     "= closed since=0/explicit±1s last=1m sender=s@x seq=2\n"},
};

static void test_steps_and_overdue(void **state)
{
	(void)state;
	life_cases(steps_and_overdue, LEN(steps_and_overdue));
}

static void test_forgetting(void **state)
{
	(void)state;
	life_cases(forgetting, LEN(forgetting));
}

static void test_records(void **state)
{
	(void)state;
	life_cases(records, LEN(records));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_steps_and_overdue),
	    cmocka_unit_test(test_forgetting),
	    cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
