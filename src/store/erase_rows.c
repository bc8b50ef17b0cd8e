/* erase_rows: the changed rows of a segment. */
