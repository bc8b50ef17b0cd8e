/* evidence_make: files about a log, made. */
#include "cli/evidence.h"
