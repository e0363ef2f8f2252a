/* SPDX-License-Identifier: Apache-2.0 */
/* records - the field tables, one per .def; see records.h */
#include <stddef.h>

#include "lib/mail/records.h"

enum { A = FIELD_ALWAYS, O = FIELD_OPTIONAL };

#include "lib/mail/fields_table.h"

#define TABLE(tag)                                                                                                     \
	const struct record_type tag##_record = {#tag, sizeof(struct tag), tag##_fields,                               \
	                                         sizeof(tag##_fields) / sizeof(tag##_fields[0])}

#define RECORD struct delivery
static const struct field delivery_fields[] = {
#include "lib/mail/delivery.def"
};
TABLE(delivery);
#undef RECORD

#define RECORD struct transition
static const struct field transition_fields[] = {
#include "lib/mail/transition.def"
};
TABLE(transition);
#undef RECORD

#define RECORD struct message_recipient
static const struct field message_recipient_fields[] = {
#include "lib/mail/message_recipient.def"
};
TABLE(message_recipient);
#undef RECORD

#define RECORD struct message
static const struct field message_fields[] = {
#include "lib/mail/message.def"
};
TABLE(message);
#undef RECORD

#define RECORD struct bucket
static const struct field bucket_fields[] = {
#include "lib/mail/bucket.def"
};
TABLE(bucket);
#undef RECORD

#define RECORD struct row_source
static const struct field row_source_fields[] = {
#include "lib/mail/row_source.def"
};
TABLE(row_source);
#undef RECORD

#define RECORD struct sample
static const struct field sample_fields[] = {
#include "lib/mail/sample.def"
};
TABLE(sample);
#undef RECORD

#define RECORD struct row
static const struct field row_fields[] = {
#include "lib/mail/row.def"
};
TABLE(row);
#undef RECORD

#define RECORD struct egress
static const struct field egress_fields[] = {
#include "lib/mail/egress.def"
};
TABLE(egress);
#undef RECORD

#define RECORD struct incident_class
static const struct field incident_class_fields[] = {
#include "lib/mail/incident_class.def"
};
TABLE(incident_class);
#undef RECORD

#define RECORD struct incident
static const struct field incident_fields[] = {
#include "lib/mail/incident.def"
};
TABLE(incident);
#undef RECORD

#define RECORD struct fix
static const struct field fix_fields[] = {
#include "lib/mail/fix.def"
};
TABLE(fix);
#undef RECORD

#define RECORD struct link
static const struct field link_fields[] = {
#include "lib/mail/link.def"
};
TABLE(link);
#undef RECORD

#define RECORD struct alert
static const struct field alert_fields[] = {
#include "lib/mail/alert.def"
};
TABLE(alert);
#undef RECORD
