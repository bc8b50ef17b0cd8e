/*
 * pack: any bytes of an archive are judged or refused with words; with the one
 * key that signed but one log, nothing holds that is not of its events.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/draft.h"
#include "cli/evidence_judge.h"

#define KEY "audit.example.com/fuzz+dbc5056f+ARc6nl/mo2+6NuFIQUdpiipAdGkxSJJxycF+gH9GS0K2"
#define KEY_SIZE 4   /* of the log */
#define KEY_EVENTS 3 /* that the seeds' packs have */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("pack", MFD_CLOEXEC);
	struct note_verifier pinned;
	struct evidence v = { 0 };
	struct err e = ERR_NONE;
	struct evidence_judge j = { &pinned, NULL, &v };
	char path[64];
	int rc;

	if (fd < 0 || draft_write_all(fd, data, size) != 0 || note_verifier_parse(&pinned, STR(KEY), &e) != 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	evidence_is_pack(path);
	rc = evidence_judge_pack(&j, path, &e);
	if ((rc == 0) != (e.code == ERR_OK) || (rc != 0 && e.text[0] == '\0'))
		abort();
	if (rc == 0 && (v.kind != EVIDENCE_PACK || v.size != KEY_SIZE || v.events + v.erased != KEY_EVENTS ||
	        v.beyond != 0))
		abort();
	evidence_fini(&v);
	close(fd);
	return 0;
}
