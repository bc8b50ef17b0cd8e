/* hold: placing, lifting, telling (see hold.h). */
