/* erase: transactions and records (see erase.h). */
