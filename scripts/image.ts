/** `npm run image`: writes the image's archive, for `ctr images import`, `docker load` or `kind load image-archive`. */
import { makeProductImage, IMAGE_ARCHIVE } from './product-image.ts';

const { name } = await makeProductImage();
console.log(`Written: ${IMAGE_ARCHIVE}, with ${name}`);
