/* limits: how much may be exported. */
