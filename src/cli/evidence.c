/* evidence: files about a log, judged. */
#include "cli/evidence.h"
