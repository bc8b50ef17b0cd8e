/* export_proof: the lines of a file against the tree. */
#include "proof/export_proof.h"
