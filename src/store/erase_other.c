/* erase_other: quarantine, saved queries, files. */
