/* SPDX-License-Identifier: Apache-2.0 */
/*
 * track_events_test - what deferrals, holds and facts do, and what is told of them
 *
 * docs/SEMANTICS.md 1.4, 1.5 and 1.7; the language is that of track_support.h.
 */
#include "track_support.h"

static const struct life_case deferrals[] = {
    {"the first is an enter, the next a retry",
     "0s deferred a@d.example text=t detail=x ip=192.0.2.1 provider=p kind=internet code=4.4.315 owner=network "
     "side=network\n"
     "5m deferred a@d.example text=u dest=d.example permanent\n",
     "+ opened\n"
     "1.1 0 enter deferred a@d.example g/connect_timeout q0 x2880 default r+1 m+1 kind=internet provider=p "
     "ip=192.0.2.1 text=t detail=x code=4.4.315 owner=network side=network\n"
     "1.2 5m retry a@d.example at=d.example g/connect_timeout q0 x2880 default text=u permanent\n"},
    {"a suspended line is no retry and no attempt",
     "0s deferred a\n"
     "1m deferred a suspended\n"
     "2m deferred a\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 2m retry a g/connect_timeout q0 x2880 default\n"
     "= waiting since=0/first_seen expires=2d/default last=2m seq=2\n"
     "  a waiting g/connect_timeout attempts=2 first=0 last=2m expires=2d/default\n"},
    {"a first one may be suspended",
     "0s deferred a suspended\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 suspended\n"
     "= waiting since=0/first_seen expires=2d/default last=0 seq=1\n"
     "  a waiting g/connect_timeout attempts=0 first=0 last=0 expires=2d/default\n"},
    {"the same line again is a duplicate",
     "0s deferred a text=t dsn=4.1.1 relay=r delay=1s\n"
     "0s deferred a text=t dsn=4.1.1 relay=r delay=1s p=1s\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 text=t\n"
     "+ duplicate\n"
     "= waiting since=0/first_seen expires=2d/default last=0 seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default text=t\n"},
    {"another text at the same time is an attempt",
     "0s deferred a text=t\n"
     "0s deferred a text=u\n"
     "0s deferred a text=u\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 text=t\n"
     "1.2 0 retry a g/connect_timeout q0 x2880 default text=u\n"
     "+ duplicate\n"},
    {"another code, relay or delay as well",
     "0s deferred a\n"
     "0s deferred a dsn=4.1.1\n"
     "0s deferred a dsn=4.1.1 relay=r\n"
     "0s deferred a dsn=4.1.1 relay=r delay=1s\n"
     "0s deferred a dsn=4.1.1 relay=r delay=1s\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 retry a g/connect_timeout q0 x2880 default\n"
     "1.3 0 retry a g/connect_timeout q0 x2880 default\n"
     "1.4 0 retry a g/connect_timeout q0 x2880 default\n"
     "+ duplicate\n"},
    {"an older line is stale",
     "5m deferred a text=t\n"
     "4m deferred a text=u group=h p=6m\n"
     "show\n",
     "+ opened\n"
     "1.1 5m enter deferred a g/connect_timeout q5 x2885 default r+1 m+1 text=t\n"
     "+ stale\n"
     "= waiting since=5m/first_seen expires=2885m/default last=5m seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=5m last=5m expires=2885m/default text=t\n"},
    {"age is told apart for each recipient",
     "5m deferred a\n"
     "4m deferred b p=6m\n",
     "+ opened\n"
     "1.1 5m enter deferred a g/connect_timeout q5 x2885 default r+1 m+1\n"
     "1.2 6m/4m enter deferred b g/connect_timeout q5 x2885 default r+1 m+0\n"},
    {"a duplicate keeps the entry alive: pipeline time goes on",
     "set forget 1h\n"
     "0s deferred a text=t\n"
     "0s deferred a text=t p=30m\n"
     "1h until\n"
     "90m until\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 text=t\n"
     "+ duplicate\n"
     "1.2 90m/- leave forgotten a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "+ forgotten\n"
     "gone\n"},
    {"a move to another group is a leave and an enter, then the retry",
     "0s deferred a group=g hop=mx.example\n"
     "1m deferred a group=h hop=mx2.example\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a h/connect_timeout q0 x2880 default r+1 m+1 hop=mx2.example\n"
     "1.4 1m retry a h/connect_timeout q0 x2880 default hop=mx2.example\n"},
    {"so is another class",
     "0s deferred a class=connect_timeout\n"
     "1m deferred a class=connect_refused\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a g/connect_refused q0 x2880 default r+1 m+1\n"
     "1.4 1m retry a g/connect_refused q0 x2880 default\n"},
    {"a line without a next hop keeps the group and all of the route",
     "0s deferred a group=g conn=c kind=own provider=p hop=m.example ip=192.0.2.1\n"
     "1m deferred a group=h kind=internet hop= ip=192.0.2.2 provider=q text=t\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 connector=c kind=own provider=p hop=m.example "
     "ip=192.0.2.1\n"
     "1.2 1m retry a g/connect_timeout q0 x2880 default connector=c kind=own provider=p hop=m.example ip=192.0.2.1 "
     "text=t\n"},
    {"unless our own trouble is the cause",
     "0s deferred a group=g\n"
     "1m deferred a group=local:h.example hop= class=local_resources\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a local:h.example/local_resources q0 x2880 default r+1 m+1 hop=\n"
     "1.4 1m retry a local:h.example/local_resources q0 x2880 default hop=\n"},
    {"or a connector matches",
     "0s deferred a group=g\n"
     "1m deferred a group=c conn=c hop=\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a c/connect_timeout q0 x2880 default r+1 m+1 connector=c hop=\n"
     "1.4 1m retry a c/connect_timeout q0 x2880 default connector=c hop=\n"},
    {"or there is no group yet", "0s deferred a group=g hop=\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 hop=\n"},
    {"that there is no route for IPv6 does not hide what was known",
     "0s deferred a class=connect_timeout detail=d code=4.4.315 owner=recipient_org side=them\n"
     "1m deferred a class=unreachable detail=ipv6_no_route code=4.4.317 owner=network side=us text=t\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1 detail=d code=4.4.315 owner=recipient_org "
     "side=them\n"
     "1.2 1m retry a g/connect_timeout q0 x2880 default text=t detail=d code=4.4.315 owner=recipient_org side=them\n"},
    {"it is told where nothing was",
     "0s deferred a class=unreachable detail=ipv6_no_route\n"
     "1m deferred a class=unreachable detail=ipv6_no_route text=t\n"
     "2m deferred a class=unreachable detail=other\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/unreachable q0 x2880 default r+1 m+1 detail=ipv6_no_route\n"
     "1.2 1m retry a g/unreachable q0 x2880 default text=t detail=ipv6_no_route\n"
     "1.3 2m retry a g/unreachable q0 x2880 default detail=other\n"},
    {"and where the same class was",
     "0s deferred a class=unreachable detail=other\n"
     "1m deferred a class=unreachable detail=ipv6_no_route\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/unreachable q0 x2880 default r+1 m+1 detail=other\n"
     "1.2 1m retry a g/unreachable q0 x2880 default detail=ipv6_no_route\n"},
    {"another detail is told",
     "0s deferred a class=connect_timeout\n"
     "1m deferred a class=unreachable detail=no_route\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a g/unreachable q0 x2880 default r+1 m+1 detail=no_route\n"
     "1.4 1m retry a g/unreachable q0 x2880 default detail=no_route\n"},
    {"no class is other", "0s deferred a class=none\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/other q0 x2880 default r+1 m+1\n"},
    {"two recipients at one row are one message",
     "0s deferred a\n"
     "0s deferred b\n"
     "1m delivered a\n"
     "2m delivered b\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 enter deferred b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.3 1m leave delivered a g/connect_timeout q0 x2880 default r-1 m+0 waited=1m\n"
     "1.4 1m success a g/none\n"
     "1.5 2m leave delivered b g/connect_timeout q0 x2880 default r-1 m-1 waited=2m\n"
     "1.6 2m success b g/none\n"},
    {"at two rows they are one each",
     "0s deferred a class=connect_timeout\n"
     "0s deferred b class=connect_refused\n"
     "1m deferred a class=connect_refused\n"
     "2m deferred b class=connect_timeout\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 enter deferred b g/connect_refused q0 x2880 default r+1 m+1\n"
     "1.3 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.4 1m enter moved a g/connect_refused q0 x2880 default r+1 m+0\n"
     "1.5 1m retry a g/connect_refused q0 x2880 default\n"
     "1.6 2m leave moved b g/connect_refused q0 x2880 default r-1 m+0\n"
     "1.7 2m enter moved b g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.8 2m retry b g/connect_timeout q0 x2880 default\n"},
    {"and in two groups",
     "0s deferred a group=g\n"
     "0s deferred b group=h hop=mx2.example\n"
     "1m deferred b group=g\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 0 enter deferred b h/connect_timeout q0 x2880 default r+1 m+1 hop=mx2.example\n"
     "1.3 1m leave moved b h/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.4 1m enter moved b g/connect_timeout q0 x2880 default r+1 m+0\n"
     "1.5 1m retry b g/connect_timeout q0 x2880 default\n"},
};

static const struct life_case holds_and_facts[] = {
    {"held and released: two moves",
     "0s deferred a\n"
     "1m held\n"
     "show\n"
     "2m released\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a g/connect_timeout q0 default held r+1 m+1\n"
     "= held since=0/first_seen last=1m seq=3\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default\n"
     "1.4 2m leave moved a g/connect_timeout q0 default held r-1 m-1\n"
     "1.5 2m enter moved a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/first_seen expires=2d/default last=2m seq=5\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default\n"},
    {"held twice is held once",
     "0s deferred a\n"
     "1m held\n"
     "2m held\n"
     "3m released\n"
     "4m released\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a g/connect_timeout q0 default held r+1 m+1\n"
     "1.4 3m leave moved a g/connect_timeout q0 default held r-1 m-1\n"
     "1.5 3m enter moved a g/connect_timeout q0 x2880 default r+1 m+1\n"},
    {"released without having been held",
     "0s deferred a\n"
     "1m released\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"},
    {"it holds for recipients to come",
     "0s held\n"
     "1m deferred a\n"
     "2m deferred a class=connect_refused\n",
     "+ opened\n"
     "1.1 1m enter deferred a g/connect_timeout q0 default held r+1 m+1\n"
     "1.2 2m leave moved a g/connect_timeout q0 default held r-1 m-1\n"
     "1.3 2m enter moved a g/connect_refused q0 default held r+1 m+1\n"
     "1.4 2m retry a g/connect_refused q0 default held\n"},
    {"facts that change nothing",
     "0s deferred a\n"
     "1m message_id\n"
     "1m notified\n"
     "1m expiry_ordered\n"
     "1m arrived\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/first_seen expires=2d/default last=1m seq=1\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default\n"},
    {"the sender is taken from the last queued",
     "0s queued sender=s@x\n"
     "0s deferred a\n"
     "1m queued null\n"
     "2m queued sender=another-sender-with-a-rather-long-address@a-rather-long-domain-name.example\n"
     "3m queued sender=a-third-sender-with-a-rather-long-address@a-rather-long-domain-name.example.org\n"
     "show\n",
     "+ opened\n"
     "1.1 0 enter deferred a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "1.2 1m leave moved a g/connect_timeout q0 x2880 default r-1 m-1\n"
     "1.3 1m enter moved a g/connect_timeout q0 x2880 default null r+1 m+1\n"
     "1.4 2m leave moved a g/connect_timeout q0 x2880 default null r-1 m-1\n"
     "1.5 2m enter moved a g/connect_timeout q0 x2880 default r+1 m+1\n"
     "= waiting since=0/first_seen expires=2d/default last=3m "
     "sender=a-third-sender-with-a-rather-long-address@a-rather-long-domain-name.example.org seq=5\n"
     "  a waiting g/connect_timeout attempts=1 first=0 last=0 expires=2d/default\n"},
};

static void test_deferrals(void **state)
{
	(void)state;
	life_cases(deferrals, LEN(deferrals));
}

static void test_holds_and_facts(void **state)
{
	(void)state;
	life_cases(holds_and_facts, LEN(holds_and_facts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_deferrals),
	    cmocka_unit_test(test_holds_and_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
