#include "tools/tuning/MultiplyAdds.h"

using Vector [[gnu::vector_size(64)]] = float;
float skip::tool::multiplyAddAvx512() { return multiplyAdd<Vector>(); }
