/* erase_plan: where a person is. */
