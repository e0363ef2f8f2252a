/* SPDX-License-Identifier: Apache-2.0 */
/* names - see names.h; everything here is made from names.def and class.def */
#include <stddef.h>
#include <string.h>

#include "lib/base/check.h"
#include "lib/mail/names.h"

enum { MTA_NAME_MAX = 32 };

#define NAME(constant, text) [constant] = (text),
#define NAMES(tag, list)     const char *const tag##_names[] = {list NULL};
#include "lib/mail/names.def"
#undef NAMES
#undef NAME

static const struct class_info {
	enum family family;
	enum owner owner;
	const char *microsoft_code, *prose;
} infos[CLASS_N] = {
#define CLASS(id, fam, code, own, prose) [CLASS_##id] = {FAMILY_##fam, OWNER_##own, code, prose},
#include "lib/mail/class.def"
#undef CLASS
};

const char *const class_names[] = {
#define CLASS(id, fam, code, own, prose) [CLASS_##id] = #id,
#include "lib/mail/class.def"
#undef CLASS
    [CLASS_N] = NULL};

static const struct class_info *info(enum class c)
{
	CHECK((unsigned)c < CLASS_N);
	return &infos[c];
}

enum family class_family(enum class c)
{
	return info(c)->family;
}

enum owner class_owner(enum class c)
{
	return info(c)->owner;
}

const char *class_microsoft_code(enum class c)
{
	return info(c)->microsoft_code;
}

const char *class_prose(enum class c)
{
	return info(c)->prose;
}

/* Other names, folded. */
static const struct {
	const char *name;
	enum mta mta;
} mta_aliases[] = {
    {"amazonses", MTA_SES},
    {"amazonsimpleemailservice", MTA_SES},
    {"awsses", MTA_SES},
    {"couriermta", MTA_COURIER},
    {"ecelerity", MTA_MOMENTUM},
    {"eop", MTA_EXCHANGE_ONLINE},
    {"exchangeonlineprotection", MTA_EXCHANGE_ONLINE},
    {"exchangeonpremise", MTA_EXCHANGE},
    {"exchangeonpremises", MTA_EXCHANGE},
    {"exchangeonprem", MTA_EXCHANGE},
    {"exchangeserver", MTA_EXCHANGE},
    {"exim4", MTA_EXIM},
    {"exo", MTA_EXCHANGE_ONLINE},
    {"halonmta", MTA_HALON},
    {"indimail", MTA_QMAIL},
    {"kumo", MTA_KUMOMTA},
    {"kumod", MTA_KUMOMTA},
    {"m365", MTA_EXCHANGE_ONLINE},
    {"messagesystems", MTA_MOMENTUM},
    {"microsoft365", MTA_EXCHANGE_ONLINE},
    {"microsoftexchange", MTA_EXCHANGE},
    {"microsoftexchangeonline", MTA_EXCHANGE_ONLINE},
    {"microsoftexchangeserver", MTA_EXCHANGE},
    {"msexchange", MTA_EXCHANGE},
    {"netqmail", MTA_QMAIL},
    {"notqmail", MTA_QMAIL},
    {"o365", MTA_EXCHANGE_ONLINE},
    {"office365", MTA_EXCHANGE_ONLINE},
    {"pmta", MTA_POWERMTA},
    {"port25", MTA_POWERMTA},
    {"port25powermta", MTA_POWERMTA},
    {"qmailremote", MTA_QMAIL},
    {"qmailsend", MTA_QMAIL},
    {"smmta", MTA_SENDMAIL},
    {"smtpd", MTA_OPENSMTPD},
    {"sparkpost", MTA_MOMENTUM},
    {"sparkpostmomentum", MTA_MOMENTUM},
    {"sqmail", MTA_QMAIL},
};

/* Small letters and digits only; false if that is too long for a name. */
static bool fold(struct str name, char ret[MTA_NAME_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 'a' - 'A') : name.p[i];
		if (c == ' ' || c == '-' || c == '_' || c == '.')
			continue;
		if (n + 1 == MTA_NAME_MAX)
			return false;
		ret[n++] = c;
	}
	ret[n] = '\0';
	return true;
}

static enum mta find_folded(const char *folded)
{
	char own[MTA_NAME_MAX];

	for (size_t i = 0; i < sizeof(mta_aliases) / sizeof(*mta_aliases); i++)
		if (strcmp(mta_aliases[i].name, folded) == 0)
			return mta_aliases[i].mta;
	for (int m = MTA_UNKNOWN + 1; mta_names[m] != NULL; m++)
		if (fold(str_from(mta_names[m]), own) && strcmp(own, folded) == 0)
			return (enum mta)m;
	return MTA_UNKNOWN;
}

enum mta mta_find(struct str name)
{
	char folded[MTA_NAME_MAX];
	enum mta found;

	if (!fold(name, folded))
		return MTA_UNKNOWN;
	found = find_folded(folded);
	folded[strcspn(folded, "0123456789")] = '\0'; /* "Postfix 3.7.11" */
	return found != MTA_UNKNOWN ? found : find_folded(folded);
}

bool event_is_fact(enum event e)
{
	return e >= EVENT_ARRIVED;
}
