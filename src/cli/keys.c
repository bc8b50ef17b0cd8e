/* keys: the signing key of a store's log. */
#include "cli/keys.h"
