-- SPDX-License-Identifier: Apache-2.0
-- The two histograms of a queue as rows, for charts.

-- Recipients by the minute (or hour, see resolution_min) in which their wait is expected to end.
CREATE VIEW qlapse.expiry_forecast AS
SELECT q.destination_group, q.class, q.family, to_timestamp(b.minute * 60) AS expires, b.recipients
FROM qlapse.queues q CROSS JOIN LATERAL jsonb_to_recordset(coalesce(q.expires, '[]')) AS b(minute bigint, recipients bigint);

-- Recipients by the minute in which their wait began.
CREATE VIEW qlapse.queue_age AS
SELECT q.destination_group, q.class, q.family, to_timestamp(b.minute * 60) AS queued, b.recipients
FROM qlapse.queues q CROSS JOIN LATERAL jsonb_to_recordset(coalesce(q.queued, '[]')) AS b(minute bigint, recipients bigint);
