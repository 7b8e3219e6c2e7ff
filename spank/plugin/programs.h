#ifndef CTMGR_PROGRAMS_H
#define CTMGR_PROGRAMS_H

/*
 * The text of a file of srun --multi-prog (srun(1), MULTIPLE PROGRAM CONFIGURATION) with `program` in front of each command.
 * To be freed; NULL without memory.
 */
char *programs_rewrite(const char *text, const char *program);

/* True if `text` is what the file holds. */
int programs_are(const char *text, const char *path);

#endif
