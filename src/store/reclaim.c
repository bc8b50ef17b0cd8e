/* reclaim: space given back. */
