/* unit: the main of a Check suite that speaks TAP on standard output. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#define UNIT_MAIN(suite_function)                                     \
	int                                                           \
	main(void)                                                    \
	{                                                             \
		SRunner *runner = srunner_create(suite_function());   \
		srunner_set_tap(runner, "-");                         \
		srunner_run_all(runner, CK_SILENT);                   \
		int failed = srunner_ntests_failed(runner);           \
		srunner_free(runner);                                 \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;          \
	}

/* A selector of a field as a constant: SELECTOR(ACTION, "action"). */
#define SELECTOR(symbol, key) { .field = FIELD_##symbol, .text = { key, sizeof(key) - 1 } }

#endif
