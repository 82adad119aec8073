// Innocent: a cache that is bounded. It is large from the first minute on and never grows past its bound.
const MAX_COUNT = 2_000;

const products = new Map();

export async function readProduct(id) {
  const cached = products.get(id);
  if (cached !== undefined) {
    products.delete(id);
    products.set(id, cached);
    return cached;
  }
  const product = await loadProduct(id);
  products.set(id, product);
  if (products.size > MAX_COUNT) products.delete(products.keys().next().value);
  return product;
}

async function loadProduct(id) {
  await Promise.resolve();
  return {
    id,
    name: `Product ${id}`,
    text: `All there is to say about ${id}. `.repeat(20),
    price: id.length * 100,
  };
}
