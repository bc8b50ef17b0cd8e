/* signed: checkpoints and verifier keys of the log. */
#include "store/internal.h"
