// Reads attributes that GraphBuilder has from `input` statements.
#include "ir/graph/Pictures.h"

#include "ir/graph/Graph.h"

namespace skip::graph {

static std::vector<double> numbersIn(mlir::DenseF64ArrayAttr list) {
  return list ? list.asArrayRef().vec() : std::vector<double>();
}

static int64_t numberIn(mlir::IntegerAttr number) { return number ? number.getInt() : 0; }

PictureRule pictureRuleOf(mlir::DictionaryAttr attributes) {
  PictureRule rule;
  if (!attributes)
    return rule;
  rule.resize = numberIn(attributes.getAs<mlir::IntegerAttr>(resizeAttr));
  if (auto sides = attributes.getAs<mlir::DenseI64ArrayAttr>(resizeAttr); sides && sides.size() == 2) {
    rule.resizeHeight = sides[0];
    rule.resizeWidth = sides[1];
  }
  rule.crop = numberIn(attributes.getAs<mlir::IntegerAttr>(cropAttr));
  auto filter = attributes.getAs<mlir::StringAttr>(filterAttr);
  rule.bicubic = filter && filter.getValue() == bicubicFilter;
  rule.mean = numbersIn(attributes.getAs<mlir::DenseF64ArrayAttr>(meanAttr));
  rule.deviation = numbersIn(attributes.getAs<mlir::DenseF64ArrayAttr>(stdAttr));
  return rule;
}

} // namespace skip::graph
