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

# AUDIT_IS_CLANG: sets audit_clang to yes or no.
AC_DEFUN([AUDIT_IS_CLANG], [
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#ifndef __clang__
#error another
#endif]], [])], [audit_clang=yes], [audit_clang=no])
])

# AUDIT_NATIVE_AR: with --enable-native, an ar and a ranlib that can look into
# objects of link-time optimisation.
AC_DEFUN([AUDIT_NATIVE_AR], [
AS_IF([test "$enable_native" != no], [
	AUDIT_IS_CLANG
	AS_IF([test "$audit_clang" = yes],
		[AC_CHECK_TOOLS([AR], [llvm-ar ar]) AC_CHECK_TOOLS([RANLIB], [llvm-ranlib ranlib])],
		[AC_CHECK_TOOLS([AR], [gcc-ar ar]) AC_CHECK_TOOLS([RANLIB], [gcc-ranlib ranlib])])
])
])

# AUDIT_NATIVE_FLAGS: what --enable-native adds.  profile.flags is empty until
# `make profile' writes into it what compiler and linker shall do with a profile.
AC_DEFUN([AUDIT_NATIVE_FLAGS], [
AUDIT_TRY_FLAG([NATIVE_FLAGS], [-march=native])
AS_IF([test "$audit_taken" = no], [AUDIT_TRY_FLAG([NATIVE_FLAGS], [-mcpu=native])])
AS_IF([test "$audit_clang" = yes], [
	AUDIT_TRY_FLAG([NATIVE_FLAGS], [-flto=thin])
	AS_IF([test "$audit_taken" = no], [AUDIT_TRY_FLAG([NATIVE_FLAGS], [-flto=thin -fuse-ld=lld])])
	PROFILE_MAKE="-fno-lto -fprofile-generate"
	PROFILE_MERGE="llvm-profdata merge -o profile.data profile.made/*"
	# Each program has a main, and one profile is for all of them.
	PROFILE_USE="-fprofile-use=profile.data -Wno-backend-plugin"
], [
	AUDIT_TRY_FLAG([NATIVE_FLAGS], [-flto=auto])
	# Seen whole, paths seem possible that are not.
	AUDIT_TRY_FLAG([NATIVE_FLAGS], [-Wno-alloc-size-larger-than -Wno-maybe-uninitialized])
	PROFILE_MAKE="-fno-lto -fprofile-generate -fprofile-update=atomic"
	PROFILE_MERGE=:
	PROFILE_USE="-fprofile-use -fprofile-correction -fprofile-partial-training -Wno-missing-profile"
	PROFILE_USE="$PROFILE_USE -Wno-error=coverage-mismatch"
])
AS_IF([test ! -f profile.flags], [: >profile.flags])
NATIVE_FLAGS="$NATIVE_FLAGS @profile.flags"
])
