/* erase_check: nothing is left (see erase.h). */
