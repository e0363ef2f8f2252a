/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail_names_test - a mail server is found by any of its names
 */
#include "lib/mail/names.h"
#include "tests/unit/support.h"

static const struct {
	const char *name;
	enum mta want;
} names[] = {
    {"postfix", MTA_POSTFIX},
    {"Postfix 3.7.11", MTA_POSTFIX},
    {"Exim4", MTA_EXIM},
    {"exim-4.98", MTA_EXIM},
    {"Sendmail", MTA_SENDMAIL},
    {"sm-mta", MTA_SENDMAIL},
    {"exchange_online", MTA_EXCHANGE_ONLINE},
    {"Exchange Online", MTA_EXCHANGE_ONLINE},
    {"EXO", MTA_EXCHANGE_ONLINE},
    {"office365", MTA_EXCHANGE_ONLINE},
    {"Microsoft 365", MTA_EXCHANGE_ONLINE},
    {"Exchange", MTA_EXCHANGE},
    {"Exchange 2019", MTA_EXCHANGE},
    {"Exchange On-Premises", MTA_EXCHANGE},
    {"PowerMTA", MTA_POWERMTA},
    {"pmta", MTA_POWERMTA},
    {"Kumo", MTA_KUMOMTA},
    {"KumoMTA", MTA_KUMOMTA},
    {"OpenSMTPD", MTA_OPENSMTPD},
    {"Halon", MTA_HALON},
    {"SparkPost", MTA_MOMENTUM},
    {"Momentum", MTA_MOMENTUM},
    {"ZoneMTA", MTA_ZONEMTA},
    {"zone-mta", MTA_ZONEMTA},
    {"Haraka", MTA_HARAKA},
    {"netqmail", MTA_QMAIL},
    {"netqmail 1.06", MTA_QMAIL},
    {"notqmail", MTA_QMAIL},
    {"Courier-MTA", MTA_COURIER},
    {"MDaemon", MTA_MDAEMON},
    {"Amazon SES", MTA_SES},
    {"ses", MTA_SES},
    {"", MTA_UNKNOWN},
    {"unknown", MTA_UNKNOWN},
    {"25", MTA_UNKNOWN},
    {"post", MTA_UNKNOWN},
    {"postfixx", MTA_UNKNOWN},
    {"a name that is much too long to be one of a mail server", MTA_UNKNOWN},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		expect_i64(mta_find(str_from(names[i].name)), names[i].want, names[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
