/* export_prover: what shows a whole export. */
#include "store/cell_copy.h"
