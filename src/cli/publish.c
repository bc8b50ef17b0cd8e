/* publish: a checkpoint to where the configuration says. */
#include "cli/keys.h"
