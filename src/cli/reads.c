/* reads: recording who looked. */
