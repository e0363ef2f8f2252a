/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_stage - the last stage: rows to incidents and alerts
 *
 * docs/SEMANTICS.md, section 3, is the specification.
 */
#ifndef QLAPSE_ALERT_ALERT_STAGE_H
#define QLAPSE_ALERT_ALERT_STAGE_H

#include "alert/fleet.h"
#include "lib/codec/writer.h"
#include "lib/mail/connector.h"
#include "lib/mail/hooks.h"
#include "lib/stream/stage.h"

struct alert_kind_config {
	int64_t volume_messages; /* this many messages waiting … */
	int64_t volume_over_ms;  /* … for this long open an incident */
	int64_t near_expiry_ms;  /* and so does an expiry this close */
};

enum { ALERT_KINDS = 4 };

struct alert_config {
	struct alert_kind_config kinds[ALERT_KINDS]; /* by enum kind */
	int64_t critical_expiry_ms, clear_after_ms, update_min_ms, update_every_ms, incident_keep_ms;
	int64_t internet_min;        /* an internet group needs this many recipients for near_expiry … */
	int64_t internet_success_ms; /* … or a delivery within this time */
	int64_t default_lifetime_ms; /* what track assumes where nothing is known, for the words */
	const struct connector *connectors;
	size_t n_connectors;
	struct remedy_source remedies; /* find may be NULL: none */
	enum encoding alerts_encoding, incidents_encoding;
	size_t fleet_groups; /* numbers of the fleet are kept, with this many groups one by one; 0: they are not */
};

void alert_config_default(struct alert_config *c);

struct alert_stage;

struct alert_stage *alert_stage_new(const struct alert_config *c); /* what c points to must outlive it */
void alert_stage_free(struct alert_stage *s);
const struct fleet *alert_stage_fleet(const struct alert_stage *s); /* as last committed; NULL: not kept */

extern const struct stage_ops alert_stage_ops; /* config argument: struct alert_stage */

#endif
