/* SPDX-License-Identifier: Apache-2.0 */
/* replay_main - runs a fuzz harness over every file of a folder: what was found once stays found */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input has memory of its very size, so that a sanitizer sees a step too far. */
static void replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;

	if (f == NULL || fstat(fileno(f), &st) < 0) {
		fprintf(stderr, "cannot read '%s'\n", path);
		exit(1);
	}
	size_t n = (size_t)st.st_size;
	uint8_t *data = xmalloc(n > 0 ? n : 1);
	CHECK(fread(data, 1, n, f) == n);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
}

int main(int argc, char **argv)
{
	struct dirent **list;
	int n = argc == 2 ? scandir(argv[1], &list, NULL, alphasort) : -1;
	int n_files = 0;

	if (n < 0) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char path[4096];

		if (list[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", argv[1], list[i]->d_name);
			replay(path);
			n_files++;
		}
		free(list[i]);
	}
	free(list);
	printf("%d inputs\n", n_files);
	return n_files > 0 ? 0 : 1;
}
