/* The trainer's calls of a library that was built for training: emitted headers have this text behind that of Runtime.h.
 *
 * A trainer has the state of a training: parameters, running statistics, momentum, and gradients. A step is trainer_gradients
 * for each group of its images, then trainer_apply: batch norm's statistics are those of a group, the gradient is the mean over
 * the groups of a step. Nothing but trainer_apply and loading changes parameters, and trainer_apply refuses a loss that is no
 * number: the state then is that of the step before.
 *
 * All results are the same bits for any number of threads. trainer_gradients and trainer_apply allocate nothing. One trainer
 * serves one call at a time; the model must outlive it. */
#ifndef SKIPMODEL_TRAINING_H
#define SKIPMODEL_TRAINING_H

#include "runtime/Runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Types that all training libraries of one ABI version share. */
#ifndef SKIP_TRAINING_TYPES_ABI_2
#define SKIP_TRAINING_TYPES_ABI_2

typedef struct skip_trainer skip_trainer;

/* A status of trainer_apply and of saving: the loss, a statistic, a gradient or a parameter is NaN or infinite. */
#define SKIP_NOT_FINITE ((skip_status)11)

/* Zero means the default for each field. */
typedef struct skip_trainer_options {
  int64_t max_group; /* images of a group; default: the most that the library was built for */
  int64_t groups;    /* the most groups of a step; default: 1 */
  void *state;       /* default: the trainer allocates it; else 64-byte aligned, of trainer_state_bytes */
  size_t state_bytes;
  void *workspace; /* default: the trainer allocates it; else 64-byte aligned, of trainer_workspace_bytes */
  size_t workspace_bytes;
  skip_pool *pool;                /* default: the calling thread alone */
  skip_parallel_for parallel_for; /* used instead of a pool */
  void *parallel_user;
} skip_trainer_options;

/* What the optimizer, SGD, is told: v = momentum * v + g + decay * w; w -= rate * v, or with Nesterov's momentum
 * w -= rate * (g + decay * w + momentum * v). Which parameters decay was decided when the library was built. */
typedef enum skip_trainer_number {
  SKIP_TRAINER_MOMENTUM = 0,  /* from 0 to below 1, default 0.9 */
  SKIP_TRAINER_DECAY = 1,     /* from 0 to 1, default 0 */
  SKIP_TRAINER_NESTEROV = 2,  /* 0 or 1, default 0; 1 needs a momentum above 0 */
  SKIP_TRAINER_STATISTICS = 3 /* from 0 to 1: by how much of a group's statistics the running ones follow; default 0.1 */
} skip_trainer_number;

/* Flags of trainer_load_*. SKIP_FRESH_MISSING: parameters that the checkpoint has not, or has in another shape, stay as they
 * are; what else it holds is passed over. */
enum { SKIP_FRESH_MISSING = 1 };

/* What a group gave. */
typedef struct skip_training_result {
  double loss;   /* the mean over the group's images */
  int64_t wrong; /* images whose largest logit is not that of their label */
} skip_training_result;

/* A text of a checkpoint's `__metadata__`, UTF-8. */
typedef struct skip_metadata {
  const char *key, *value;
} skip_metadata;

/* Takes the next `count` bytes of a checkpoint; anything but 0 ends the saving with SKIP_IO_ERROR. */
typedef int (*skip_write)(void *user, const void *bytes, size_t count);

/* Copies `bytes` at `data` of process `root` to the same place of all others; anything but 0 ends the call with SKIP_IO_ERROR.
 */
typedef int (*skip_broadcast)(void *user, int32_t root, void *data, size_t bytes);

#endif /* SKIP_TRAINING_TYPES_ABI_2 */

/* The most images of a group that the library was built for. */
int64_t skipmodel_trainer_max_group(const skip_model *model);
/* Bytes of state and of workspace that a trainer with these options needs, which may be null; 0 where they make no sense. */
size_t skipmodel_trainer_state_bytes(const skip_model *model, const skip_trainer_options *options);
size_t skipmodel_trainer_workspace_bytes(const skip_model *model, const skip_trainer_options *options);

/* `options` may be null. All parameters are zero: call trainer_init or trainer_load_* next. */
skip_status skipmodel_trainer_create(const skip_model *model, const skip_trainer_options *options, skip_trainer **trainer);
void skipmodel_trainer_destroy(skip_trainer *trainer);

/* Fresh values: filters normal with deviation sqrt(2 / fan-in) (He et al.), batch norm's scales and running variances 1, all
 * else 0; no momentum. They depend on the seed, the tensor's name and the place in it alone. */
skip_status skipmodel_trainer_init(skip_trainer *trainer, uint64_t seed);

/* From a safetensors checkpoint with the model's names; `optimizer.momentum.NAME` is taken if it is there, else zero. After an
 * error, whose text lists all that is wrong, the trainer is as before. */
skip_status skipmodel_trainer_load_file(skip_trainer *trainer, const char *path, uint32_t flags);
skip_status skipmodel_trainer_load_memory(skip_trainer *trainer, const void *data, size_t bytes, uint32_t flags);

skip_status skipmodel_trainer_set_number(skip_trainer *trainer, skip_trainer_number number, double value);

/* What dropouts draw. Which elements a step drops depends on `seed`, on the number of the step, which trainer_apply counts up,
 * on the group, the first of which is `first_group` (of several processes that share a step's groups, this one's first), and on
 * the image's place in it: on neither threads nor the order of calls. A new trainer has zeros, trainer_init sets its seed and
 * step 0. A training that is resumed says here at which step it is. */
skip_status skipmodel_trainer_set_draws(skip_trainer *trainer, uint64_t seed, int64_t step, int64_t first_group);

/* From now on `observer`, if not null, hears each step of trainer_gradients, as context_observe says. */
skip_status skipmodel_trainer_observe(skip_trainer *trainer, skip_observer observer, void *user);

/* Loss and gradients of a group of n images; the groups of a step have the same n. inputs[i] are float32 arrays as for a run;
 * labels[i], of image i, is below the number of classes. A loss that is no number is no error here. */
skip_status skipmodel_trainer_gradients(skip_trainer *trainer, int64_t n, const float *const *inputs, const int32_t *labels,
                                        skip_training_result *result);

/* From now on `processes` processes share each step's groups, as many as the trainer's options say, which they divide; each has
 * a trainer of the same state, and this is the one of number `process`. Each calls trainer_gradients for its part of the groups
 * and trainer_next_group says for which; within some of these calls all meet in `broadcast`. Then each calls trainer_apply. All
 * have the bits of one process with all groups. */
skip_status skipmodel_trainer_share(skip_trainer *trainer, int32_t process, int32_t processes, skip_broadcast broadcast,
                                    void *user);
/* The number, in the step, of the group that the next trainer_gradients is of; of one process the groups so far. */
int64_t skipmodel_trainer_next_group(const skip_trainer *trainer);

/* The mean gradient over the step's groups so far, to be read or changed before trainer_apply; no further group may follow.
 * Parameters lie in an order of the library's own, with zeros between them. */
skip_status skipmodel_trainer_gradient_array(skip_trainer *trainer, float **gradients, size_t *count);

/* Ends the step: running statistics take in the groups' in their order, and parameters go down the mean gradient, by a rate
 * from 0 on.
 * SKIP_NOT_FINITE: a loss, a gradient or a statistic was no number; the gradients are dropped, all else is as before the step.
 */
skip_status skipmodel_trainer_apply(skip_trainer *trainer, double rate);
/* Drops the gradients of the step so far. */
skip_status skipmodel_trainer_discard(skip_trainer *trainer);

/* A safetensors checkpoint: every tensor of the model by its name, the momentum as `optimizer.momentum.NAME`, and the
 * metadata, each key once. SKIP_NOT_FINITE, before anything is written, where values are NaN or infinite; the text lists the
 * tensors. */
skip_status skipmodel_trainer_save(const skip_trainer *trainer, const skip_metadata *metadata, int32_t metadata_count,
                                   skip_write write, void *user);

/* The weights of the inference model as they are now: the bits that a checkpoint would give. To be given back with
 * weights_destroy. */
skip_status skipmodel_trainer_weights(const skip_trainer *trainer, skip_weights **weights);

#ifdef __cplusplus
}
#endif
#endif /* SKIPMODEL_TRAINING_H */
