/* plan: the file of a prune plan. */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H
#endif
