# AUDIT_TRY_FLAG(VARIABLE, FLAG): adds FLAG to VARIABLE when the compiler and
# the linker take it without a word, together with the user's own flags.
AC_DEFUN([AUDIT_TRY_FLAG], [
AC_MSG_CHECKING([whether $CC takes $2])
audit_cflags=$CFLAGS
CFLAGS="$CFLAGS -Werror $2"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[puts("");]])],
	[$1="$$1 $2"; audit_taken=yes], [audit_taken=no])
CFLAGS=$audit_cflags
AC_MSG_RESULT([$audit_taken])
])
