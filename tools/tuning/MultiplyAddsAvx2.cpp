#include "tools/tuning/MultiplyAdds.h"

using Vector [[gnu::vector_size(32)]] = float;
float skip::tool::multiplyAddAvx2() { return multiplyAdd<Vector>(); }
