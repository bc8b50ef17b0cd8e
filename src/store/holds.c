/* holds: the active ones, asked (see holds.h). */
