/* retention: rules with cut-offs (see retention.h). */
