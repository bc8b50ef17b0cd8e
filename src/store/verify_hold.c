/* verify_hold: holds against their records. */
