/* Functions that do not compile in this project, each with a checked one that does.
 * Included in front of every source file by the build. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A header of others whose declarations use one of these words, named by the build. */
#ifdef BANNED_AFTER
#include BANNED_AFTER
#endif

#pragma GCC poison atoi atol atoll strcpy strcat sprintf vsprintf system popen strtok gets
#pragma GCC poison gmtime localtime
