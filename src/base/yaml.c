/* yaml: strict reading (see yaml.h). */
