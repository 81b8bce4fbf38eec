// The tests' side: values, files, and the training in double precision.
#include "tests/unit/runtime-training/Model.h"

#include "runtime/Safetensors.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace test {

static const std::vector<std::pair<std::string, std::vector<int64_t>>> &shapes() {
  static const std::vector<std::pair<std::string, std::vector<int64_t>>> list = {{"stem.weight", {features, inputs, 1, 1}},
                                                                                 {"bn.weight", {features}},
                                                                                 {"bn.bias", {features}},
                                                                                 {"bn.running_mean", {features}},
                                                                                 {"bn.running_var", {features}},
                                                                                 {"fc.weight", {classes, features}},
                                                                                 {"fc.bias", {classes}}};
  return list;
}

Values someValues(uint32_t seed) {
  Values values;
  for (const auto &[name, dims] : shapes()) {
    int64_t elements = 1;
    for (int64_t dim : dims)
      elements *= dim;
    values[name] = noise(static_cast<size_t>(elements), seed++);
    for (float &value : values[name])
      value = name == "bn.running_var" || name == "bn.weight" ? value * value + 0.5f : value / 2;
  }
  return values;
}

std::string checkpointOf(const Values &values) {
  std::vector<TensorBytes> tensors;
  for (const auto &[name, dims] : shapes())
    for (const std::string &key : {name, "optimizer.momentum." + name})
      if (auto found = values.find(key); found != values.end())
        tensors.push_back(f32(key, dims, found->second));
  return safetensors(tensors);
}

Values readCheckpoint(const std::string &file) {
  skip::runtime::Safetensors tensors;
  REQUIRE(tensors.parse(file.data(), file.size(), "saved") == SKIP_OK);
  Values values;
  for (size_t i = 0; i < tensors.count(); ++i) {
    std::vector<float> &to = values[tensors[i].name];
    to.resize(static_cast<size_t>(tensors[i].elements));
    std::memcpy(to.data(), tensors[i].data, static_cast<size_t>(tensors[i].bytes));
  }
  return values;
}

Group::Group(int64_t n, uint32_t seed)
    : n(n), x(noise(static_cast<size_t>(n * inputs), 1000 + seed)), labels(static_cast<size_t>(n)) {
  for (int64_t i = 0; i < n; ++i)
    labels[i] = static_cast<int32_t>((seed * 37 + static_cast<uint32_t>(i) * 101) % classes);
}

skip_status Group::gradients(skip_trainer *trainer) {
  const float *arrays[] = {x.data()};
  return skipmodel_trainer_gradients(trainer, n, arrays, labels.data(), &result);
}

Reference::Reference(const Values &from) {
  for (const auto &[name, list] : from)
    values[name].assign(list.begin(), list.end());
  for (const char *name : {"fc.weight", "fc.bias", "bn.weight", "bn.bias"})
    velocities[name].resize(values[name].size());
}

/// h = S x of one image.
static std::vector<double> stemOf(const std::vector<double> &stem, const float *x) {
  std::vector<double> h(features);
  for (int64_t f = 0; f < features; ++f)
    for (int64_t i = 0; i < inputs; ++i)
      h[f] += stem[f * inputs + i] * x[i];
  return h;
}

std::vector<double> Reference::logits(const Group &group) const {
  std::vector<double> all;
  for (int64_t image = 0; image < group.n; ++image) {
    std::vector<double> h = stemOf(values.at("stem.weight"), group.x.data() + image * inputs);
    for (int64_t c = 0; c < classes; ++c) {
      double sum = values.at("fc.bias")[c];
      for (int64_t f = 0; f < features; ++f)
        sum += values.at("fc.weight")[c * features + f] *
               ((h[f] - values.at("bn.running_mean")[f]) / std::sqrt(values.at("bn.running_var")[f] + epsilon) *
                    values.at("bn.weight")[f] +
                values.at("bn.bias")[f]);
      all.push_back(sum);
    }
  }
  return all;
}

double Reference::addGradients(const Group &group, double weight, Gradients &gradients) {
  auto n = static_cast<double>(group.n);
  std::vector<std::vector<double>> h;
  for (int64_t image = 0; image < group.n; ++image)
    h.push_back(stemOf(values["stem.weight"], group.x.data() + image * inputs));
  std::vector<double> mean(features), variance(features);
  for (int64_t f = 0; f < features; ++f) {
    for (const auto &row : h)
      mean[f] += row[f] / n;
    for (const auto &row : h)
      variance[f] += (row[f] - mean[f]) * (row[f] - mean[f]) / n;
    values["bn.running_mean"][f] += 0.1 * (mean[f] - values["bn.running_mean"][f]);
    values["bn.running_var"][f] += 0.1 * (variance[f] * n / (n - 1) - values["bn.running_var"][f]);
  }
  double loss = 0;
  for (int64_t image = 0; image < group.n; ++image) {
    std::vector<double> normal(features), z(features), p(classes);
    for (int64_t f = 0; f < features; ++f) {
      normal[f] = (h[image][f] - mean[f]) / std::sqrt(variance[f] + epsilon);
      z[f] = values["bn.weight"][f] * normal[f] + values["bn.bias"][f];
    }
    double sum = 0;
    for (int64_t c = 0; c < classes; ++c) {
      double logit = values["fc.bias"][c];
      for (int64_t f = 0; f < features; ++f)
        logit += values["fc.weight"][c * features + f] * z[f];
      sum += p[c] = std::exp(logit);
    }
    loss -= std::log(p[group.labels[image]] / sum) / n;
    for (int64_t c = 0; c < classes; ++c) {
      double d = weight * (p[c] / sum - (c == group.labels[image])) / n;
      gradients["fc.bias"][c] += d;
      for (int64_t f = 0; f < features; ++f) {
        gradients["fc.weight"][c * features + f] += d * z[f];
        gradients["bn.bias"][f] += d * values["fc.weight"][c * features + f];
        gradients["bn.weight"][f] += d * values["fc.weight"][c * features + f] * normal[f];
      }
    }
  }
  return loss;
}

std::vector<double> Reference::step(const std::vector<Group> &groups, double rate) {
  Gradients gradients;
  for (const auto &[name, velocity] : velocities)
    gradients[name].resize(velocity.size());
  std::vector<double> losses;
  for (const Group &group : groups)
    losses.push_back(addGradients(group, 1 / static_cast<double>(groups.size()), gradients));
  for (auto &[name, velocity] : velocities)
    for (size_t i = 0; i < velocity.size(); ++i) {
      double d = gradients[name][i] + (name == "fc.weight" ? decay * values[name][i] : 0);
      velocity[i] = momentum * velocity[i] + d;
      values[name][i] -= rate * (nesterov ? d + momentum * velocity[i] : velocity[i]);
    }
  return losses;
}

void need(skip_status status) {
  if (status != SKIP_OK)
    throw std::runtime_error(skipmodel_last_error());
}

Training::Training(skip_trainer_options options, int32_t threads) {
  need(skipmodel_model_create(&model));
  if (threads > 0) {
    need(skipmodel_pool_create(threads, &pool));
    options.pool = pool;
  }
  need(skipmodel_trainer_create(model, &options, &trainer));
}

Training::~Training() {
  skipmodel_trainer_destroy(trainer);
  skipmodel_pool_destroy(pool);
  skipmodel_model_destroy(model);
}

void Training::load(const Values &values, uint32_t flags) {
  std::string file = checkpointOf(values);
  need(skipmodel_trainer_load_memory(trainer, file.data(), file.size(), flags));
}

std::string Training::save() const {
  std::string file;
  auto append = [](void *user, const void *bytes, size_t count) {
    static_cast<std::string *>(user)->append(static_cast<const char *>(bytes), count);
    return 0;
  };
  need(skipmodel_trainer_save(trainer, nullptr, 0, append, &file));
  return file;
}

void Training::step(std::vector<Group> groups, double rate) {
  for (Group &group : groups)
    need(group.gradients(trainer));
  need(skipmodel_trainer_apply(trainer, rate));
}

} // namespace test
