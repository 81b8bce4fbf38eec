// From 8-bit pictures to a model's normalised input.
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/Objects.h"
#include "runtime/picture/Input.h"

using namespace skip::runtime;

namespace skip::runtime {

static skip_status checkPictures(const SkipModelImage &image, int64_t n, int64_t height, int64_t width) {
  if (!takesPictures(image, 0) || image.pictures[0].channels != 3)
    return fail(SKIP_INVALID_ARGUMENT, "normalize_rgb8: the first input of model `%s` is not a picture of 3 channels",
                image.name);
  const int64_t *dims = image.inputs[0].dims;
  if (n < 0 || height != dims[2] || width != dims[3])
    return fail(SKIP_INVALID_ARGUMENT,
                "normalize_rgb8: %lld pictures of %lld x %lld, model `%s` takes %lld x %lld (height x width); preprocess_rgb8 "
                "takes pictures of any size",
                static_cast<long long>(n), static_cast<long long>(height), static_cast<long long>(width), image.name,
                static_cast<long long>(dims[2]), static_cast<long long>(dims[3]));
  for (float deviation : image.pictures[0].deviation)
    if (deviation == 0)
      return fail(SKIP_INVALID_ARGUMENT,
                  "normalize_rgb8: the spec of model `%s` declares no mean and std for its input; normalise the input yourself",
                  image.name);
  return SKIP_OK;
}

/// What a call is about, once it is checked.
struct Request {
  const char *call;
  int32_t order; // as the caller has it
  PictureView picture;
  const SkipPort *port = nullptr;
  const SkipPicture *rule = nullptr;
  Placement placement;

  PictureInput input() const { return {*rule, port->dims[2], port->dims[3]}; }
  size_t scratchBytes() const { return fillBytes(input(), picture, placement); }
};

static skip_status checkInput(const SkipModelImage &image, int32_t index, Request &request) {
  if (index < 0 || static_cast<uint32_t>(index) >= image.inputCount)
    return fail(SKIP_INVALID_ARGUMENT, "%s: no input %d, model `%s` has %u", request.call, index, image.name, image.inputCount);
  request.port = &image.inputs[index];
  if (!takesPictures(image, index))
    return fail(SKIP_INVALID_ARGUMENT, "%s: the input `%s` of model `%s` takes no pictures: it has not one or three channels",
                request.call, request.port->name, image.name);
  request.rule = &image.pictures[index];
  return SKIP_OK;
}

static skip_status checkSize(Request &request) {
  PictureView &picture = request.picture;
  if (request.order < SKIP_RGB || request.order > SKIP_GREY)
    return fail(SKIP_INVALID_ARGUMENT, "%s: there is no pixel order %d; it is SKIP_RGB, SKIP_BGR, SKIP_RGBA or SKIP_GREY",
                request.call, request.order);
  picture.order = static_cast<skip_pixel_order>(request.order);
  if (picture.width < 1 || picture.height < 1 || picture.width > mostPictureSide || picture.height > mostPictureSide)
    return fail(SKIP_INVALID_ARGUMENT, "%s: a picture of %lld x %lld (width x height); each side must be 1 to %lld pixels",
                request.call, static_cast<long long>(picture.width), static_cast<long long>(picture.height),
                static_cast<long long>(mostPictureSide));
  const int32_t pixelBytes = pixelBytesOf(picture.order);
  const int64_t least = picture.width * pixelBytes;
  if (picture.rowBytes == 0)
    picture.rowBytes = least;
  if (picture.rowBytes > INT64_MAX / picture.height)
    return fail(SKIP_INVALID_ARGUMENT, "%s: row_bytes is %lld, and %lld rows of that are more than an address space holds",
                request.call, static_cast<long long>(picture.rowBytes), static_cast<long long>(picture.height));
  if (picture.rowBytes < least)
    return fail(SKIP_INVALID_ARGUMENT, "%s: row_bytes is %lld, a row of %lld pixels of %d bytes needs %lld (0: that many)",
                request.call, static_cast<long long>(picture.rowBytes), static_cast<long long>(picture.width), pixelBytes,
                static_cast<long long>(least));
  if (!placePicture(request.input(), picture.width, picture.height, request.placement))
    return fail(SKIP_INVALID_ARGUMENT,
                "%s: a picture of %lld x %lld (width x height) is too narrow: with its shorter side scaled to "
                "%d, the longer would have more than %lld pixels",
                request.call, static_cast<long long>(picture.width), static_cast<long long>(picture.height),
                request.rule->resize[0], static_cast<long long>(mostScaledSide));
  return SKIP_OK;
}

static skip_status fill(const skip_model &model, const Request &request, const skip_preprocess_options &options,
                        float *planes) {
  const size_t needed = request.scratchBytes();
  if (options.scratch && reinterpret_cast<uintptr_t>(options.scratch) % 64 != 0)
    return fail(SKIP_INVALID_ARGUMENT, "%s: the scratch memory is not 64-byte aligned", request.call);
  if (options.scratch && options.scratch_bytes < needed)
    return fail(SKIP_INVALID_ARGUMENT,
                "%s: the scratch memory has %zu bytes, this picture needs %zu (preprocess_scratch_bytes)", request.call,
                options.scratch_bytes, needed);
  Owned<void> owned(options.scratch ? nullptr : allocateAligned(needed));
  void *scratch = options.scratch ? options.scratch : owned.get();
  if (!scratch)
    return fail(SKIP_OUT_OF_MEMORY, "%s: no memory for %zu bytes of scratch", request.call, needed);
  fillInput(request.input(), request.picture, request.placement, scratch, model.avx2, planes);
  return SKIP_OK;
}

} // namespace skip::runtime

extern "C" {

skip_status skipmodel_preprocess_rgb8(const skip_model *model, const uint8_t *pixels, int64_t width, int64_t height,
                                      int64_t row_bytes, int32_t order, float *input, const skip_preprocess_options *options) {
  if (skip_status status = checkOwn(model, "preprocess_rgb8"); status != SKIP_OK)
    return status;
  if (!pixels || !input)
    return fail(SKIP_INVALID_ARGUMENT, "preprocess_rgb8: `%s` is null", pixels ? "input" : "pixels");
  Request request{"preprocess_rgb8", order, {pixels, width, height, row_bytes, SKIP_RGB}, nullptr, nullptr, {}};
  const skip_preprocess_options chosen = options ? *options : skip_preprocess_options{};
  if (skip_status status = checkInput(*model->image, chosen.input, request); status != SKIP_OK)
    return status;
  if (skip_status status = checkSize(request); status != SKIP_OK)
    return status;
  return fill(*model, request, chosen, input);
}

size_t skipmodel_preprocess_scratch_bytes(const skip_model *model, int32_t input, int64_t width, int64_t height,
                                          int32_t order) {
  Request request{"preprocess_scratch_bytes", order, {nullptr, width, height, 0, SKIP_RGB}, nullptr, nullptr, {}};
  if (checkOwn(model, "preprocess_scratch_bytes") != SKIP_OK)
    return 0;
  if (checkInput(*model->image, input, request) != SKIP_OK || checkSize(request) != SKIP_OK)
    return 0;
  return request.scratchBytes();
}

skip_status skipmodel_normalize_rgb8(const skip_model *model, const uint8_t *pixels, int64_t n, int64_t height, int64_t width,
                                     float *input) {
  if (skip_status status = checkOwn(model, "normalize_rgb8"); status != SKIP_OK)
    return status;
  if (!pixels || !input)
    return fail(SKIP_INVALID_ARGUMENT, "normalize_rgb8: `%s` is null", pixels ? "input" : "pixels");
  if (skip_status status = checkPictures(*model->image, n, height, width); status != SKIP_OK)
    return status;
  float table[3][256];
  for (int channel = 0; channel < 3; ++channel)
    fillNumbers(model->image->pictures[0].mean[channel], model->image->pictures[0].deviation[channel], table[channel]);
  int64_t plane = height * width;
  for (int64_t picture = 0; picture < n; ++picture)
    for (int channel = 0; channel < 3; ++channel) {
      const uint8_t *from = pixels + picture * plane * 3 + channel;
      for (int64_t i = 0; i < plane; ++i)
        *input++ = table[channel][from[3 * i]];
    }
  return SKIP_OK;
}

} // extern "C"
