/* limits: how much may be exported. */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H
#endif
