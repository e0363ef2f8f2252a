/* SPDX-License-Identifier: Apache-2.0 */
/* connector - see connector.h */
#include "lib/mail/connector.h"

const struct connector *connector_find(const struct connector *list, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(list[i].name, name))
			return &list[i];
	return NULL;
}
