/* libpng and libjpeg read, a linear filter scales. */
#define _POSIX_C_SOURCE 200809L
#include "pictures.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jpeglib.h>
#include <png.h>

struct picture {
  int width, height;
  uint8_t *pixels; /* RGB, row by row */
};

_Noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "finetune: %s: %s\n", what, why);
  exit(1);
}

void pass_over(const char *path, const char *why) { fprintf(stderr, "finetune: passed over: %s: %s\n", path, why); }

static void *allocate(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory)
    fail("memory", "there is not enough");
  return memory;
}

/* False, with a message, where it cannot be read; as read_jpeg. */
static int read_png(const char *path, struct picture *picture) {
  png_image image;
  int done;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  picture->pixels = NULL;
  done = png_image_begin_read_from_file(&image, path);
  if (done) {
    image.format = PNG_FORMAT_RGB;
    picture->width = (int)image.width;
    picture->height = (int)image.height;
    picture->pixels = allocate(PNG_IMAGE_SIZE(image));
    done = png_image_finish_read(&image, NULL, picture->pixels, 0, NULL);
  }
  if (!done) {
    pass_over(path, image.message);
    free(picture->pixels);
    png_image_free(&image);
  }
  return done;
}

/* libjpeg's own handler ends the program. */
struct jpeg_errors {
  struct jpeg_error_mgr base;
  jmp_buf back;
  char text[JMSG_LENGTH_MAX];
};

static void on_jpeg_error(j_common_ptr info) {
  struct jpeg_errors *errors = (struct jpeg_errors *)info->err;
  info->err->format_message(info, errors->text);
  longjmp(errors->back, 1);
}

static int read_jpeg(const char *path, FILE *file, struct picture *picture) {
  struct jpeg_decompress_struct info;
  struct jpeg_errors errors;
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = on_jpeg_error;
  picture->pixels = NULL;
  if (setjmp(errors.back)) {
    pass_over(path, errors.text);
    jpeg_destroy_decompress(&info);
    free(picture->pixels);
    return 0;
  }
  jpeg_create_decompress(&info);
  jpeg_stdio_src(&info, file);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  picture->width = (int)info.output_width;
  picture->height = (int)info.output_height;
  picture->pixels = allocate((size_t)picture->width * (size_t)picture->height * 3);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = picture->pixels + (size_t)info.output_scanline * (size_t)picture->width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return 1;
}

/* A pixel's weight in a triangle around `at`, as wide as a pixel of the smaller picture is. */
static double weight(double at, double reach, int pixel) {
  double distance = (pixel + 0.5 - at) / reach;
  distance = distance < 0 ? -distance : distance;
  return distance < 1 ? 1 - distance : 0;
}

static uint8_t sample(const struct picture *from, double x, double y, double reach, int channel) {
  double sum = 0, total = 0;
  int row, column;
  for (row = y - reach > 0 ? (int)(y - reach) : 0; row < y + reach && row < from->height; ++row)
    for (column = x - reach > 0 ? (int)(x - reach) : 0; column < x + reach && column < from->width; ++column) {
      double share = weight(y, reach, row) * weight(x, reach, column);
      sum += share * from->pixels[((size_t)row * (size_t)from->width + (size_t)column) * 3 + (size_t)channel];
      total += share;
    }
  return (uint8_t)(total > 0 ? sum / total + 0.5 : 0);
}

static void fit(const struct picture *from, int side, uint8_t *pixels) {
  int shorter = from->width < from->height ? from->width : from->height, x, y, channel;
  double scale = shorter * 7.0 / (8.0 * side), reach = scale > 1 ? scale : 1;
  double left = from->width / 2.0 - side * scale / 2, top = from->height / 2.0 - side * scale / 2;
  for (y = 0; y < side; ++y)
    for (x = 0; x < side; ++x)
      for (channel = 0; channel < 3; ++channel)
        pixels[(y * side + x) * 3 + channel] = sample(from, left + (x + 0.5) * scale, top + (y + 0.5) * scale, reach, channel);
}

int read_picture(const char *path, int side, uint8_t *pixels) {
  FILE *file = fopen(path, "rb");
  struct picture picture;
  int first, done;
  if (!file) {
    pass_over(path, strerror(errno));
    return 0;
  }
  first = fgetc(file);
  rewind(file);
  done = first == 0xFF ? read_jpeg(path, file, &picture) : read_png(path, &picture);
  fclose(file);
  if (done) {
    fit(&picture, side, pixels);
    free(picture.pixels);
  }
  return done;
}

void mirror(int side, uint8_t *pixels) {
  int x, y;
  for (y = 0; y < side; ++y)
    for (x = 0; x < side / 2; ++x) {
      uint8_t *one = pixels + (y * side + x) * 3, *other = pixels + (y * side + side - 1 - x) * 3, kept[3];
      memcpy(kept, one, 3);
      memcpy(one, other, 3);
      memcpy(other, kept, 3);
    }
}

static int is_shown(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static int is_picture(const struct dirent *entry) {
  const char *end = strrchr(entry->d_name, '.');
  return is_shown(entry) && end && (!strcasecmp(end, ".png") || !strcasecmp(end, ".jpg") || !strcasecmp(end, ".jpeg"));
}

static char *joined(const char *folder, const char *name) {
  size_t bytes = strlen(folder) + strlen(name) + 2;
  char *path = allocate(bytes);
  snprintf(path, bytes, "%s/%s", folder, name);
  return path;
}

/* False where `path` is no folder. */
static int list_files(const char *path, struct folder *folder) {
  struct dirent **entries;
  int i;
  folder->count = scandir(path, &entries, is_picture, alphasort);
  if (folder->count < 0)
    return 0;
  folder->paths = allocate((size_t)folder->count * sizeof *folder->paths);
  for (i = 0; i < folder->count; ++i) {
    folder->paths[i] = joined(path, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return 1;
}

struct folder *list_folders(const char *path, int *count) {
  struct dirent **entries;
  struct folder *folders;
  int found = scandir(path, &entries, is_shown, alphasort), i;
  if (found < 0)
    fail(path, strerror(errno));
  folders = allocate((size_t)found * sizeof *folders);
  *count = 0;
  for (i = 0; i < found; ++i) {
    char *below = joined(path, entries[i]->d_name);
    if (list_files(below, &folders[*count])) {
      snprintf(folders[*count].name, sizeof folders[*count].name, "%s", entries[i]->d_name);
      if (folders[(*count)++].count == 0)
        fail(below, "a class's folder without pictures: expected .jpg, .jpeg or .png files");
    }
    free(below);
    free(entries[i]);
  }
  free(entries);
  return folders;
}
