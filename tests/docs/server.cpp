#include <resnet50.hpp>

int main() { return skip_resnet50::Model::create().max_batch() == 8 ? 0 : 1; }
