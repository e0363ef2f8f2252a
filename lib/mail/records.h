/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records - the values that pass between the stages and leave the program
 *
 * Each <name>.def describes one record: the struct here and the table <name>_record
 * (lib/base/record.h) come from it. Text fields are valid UTF-8 without control
 * characters; views point into the record's source and are not owned.
 */
#ifndef QLAPSE_MAIL_RECORDS_H
#define QLAPSE_MAIL_RECORDS_H

#include "lib/base/record.h"
#include "lib/base/str.h"
#include "lib/mail/names.h"

#include "lib/mail/fields_struct.h"

struct delivery {
#include "lib/mail/delivery.def"
};

struct transition {
#include "lib/mail/transition.def"
};

struct message_recipient {
#include "lib/mail/message_recipient.def"
};

struct message {
#include "lib/mail/message.def"
};

struct bucket {
#include "lib/mail/bucket.def"
};

struct row_source {
#include "lib/mail/row_source.def"
};

struct sample {
#include "lib/mail/sample.def"
};

struct row {
#include "lib/mail/row.def"
};

struct egress {
#include "lib/mail/egress.def"
};

struct incident_class {
#include "lib/mail/incident_class.def"
};

struct incident {
#include "lib/mail/incident.def"
};

struct fix {
#include "lib/mail/fix.def"
};

struct link {
#include "lib/mail/link.def"
};

struct alert {
#include "lib/mail/alert.def"
};

#include "lib/mail/fields_undef.h"

extern const struct record_type delivery_record, transition_record, message_recipient_record, message_record,
    bucket_record, row_source_record, sample_record, row_record, egress_record, incident_class_record, incident_record,
    fix_record, link_record, alert_record;

#endif
