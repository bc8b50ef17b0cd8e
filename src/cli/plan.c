/* plan: the file of a prune plan. */
