/* Training of the network's last part, and what it then says of pictures. */
#pragma once

#include "net.h"
#include "pictures.h"

/* Pictures of all classes in memory, side x side x 3 bytes each. */
struct examples {
  int count, classes, side;
  uint8_t *pixels;
  int32_t *labels;
};

void check(skip_status status, const char *what);

/* Begins with the checkpoint's parameters, the head anew, and shows all examples so many times. */
void learn(const skip_model *model, skip_trainer *trainer, const char *checkpoint, const struct examples *examples, int epochs);

/* How likely each class is for one picture. */
void classify(const skip_model *model, skip_context *context, const uint8_t *pixels, int side, int classes, double *likely);
