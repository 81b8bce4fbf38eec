/* Pictures from files to what a network takes, and folders of them. */
#pragma once

#include <stdint.h>

/* Files of one class. */
struct folder {
  char name[256];
  char **paths;
  int count;
};

/* The subfolders of `path` in the order of their names, each with its JPEG and PNG files in the order of theirs. Ends the
 * program with a message where there are none. */
struct folder *list_folders(const char *path, int *count);

/* A JPEG or PNG file as side x side x 3 bytes: the shorter side scaled to 8/7 of `side`, then the middle. False, with a
 * message, where it cannot be read. */
int read_picture(const char *path, int side, uint8_t *pixels);

/* Left and right exchanged. */
void mirror(int side, uint8_t *pixels);

/* What `path` is passed over for. */
void pass_over(const char *path, const char *why);

_Noreturn void fail(const char *what, const char *why);
