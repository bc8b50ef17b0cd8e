/* archive: what goes, kept outside (see archive.h). */
